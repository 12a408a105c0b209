package mnist.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import mnist.TestData;
import mnist.bench.Fuzzing;
import mnist.bench.RawHttp;
import mnist.data.LabeledImages;
import mnist.images.Picture;
import mnist.model.Model;
import mnist.web.TestClient.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@link ModelRoutes}, {@link DrawingRoutes} and {@link ServerMetrics} over HTTP. */
@Timeout(60)
class ModelRoutesTest {
  private static final String PREDICT = "/v1/models/mnist:predict";
  private static final Path PICTURES = Path.of("src", "test", "resources", "mnist", "pictures");

  @TempDir static Path folder;
  private static final List<String> LOG = new CopyOnWriteArrayList<>();
  private static LabeledImages images;
  private static WebServer server;
  private static Path exported;
  private static Model model;
  private static TestClient client;

  @BeforeAll
  static void start() throws Exception {
    exported = TrainedRuns.dense(folder.resolve("runs").resolve("dense"));
    images = TestData.drawnDigits().test();
    model = Model.load(exported);
    server = start(Duration.ofSeconds(10));
    client = new TestClient(server.address());
  }

  private static WebServer start(Duration timeout) throws IOException {
    return TestServers.start(
        exported, folder.resolve("runs"), timeout, ServedModel.POLL_INTERVAL, LOG::add);
  }

  @AfterAll
  static void end() {
    if (server != null) {
      server.close();
      model.close();
    }
    assertThat(LOG).isEmpty();
  }

  /** An image as nested lists, with or without an axis for the channel. */
  private static String rows(float[] pixels, boolean channel) {
    StringBuilder rows = new StringBuilder("[");
    for (int i = 0; i < pixels.length; i++) {
      rows.append(i % 28 > 0 ? "," : i > 0 ? ",[" : "[");
      String pixel = pixels[i] == (int) pixels[i] ? "" + (int) pixels[i] : "" + pixels[i];
      rows.append(channel ? "[" + pixel + "]" : pixel).append(i % 28 == 27 ? "]" : "");
    }
    return rows.append("]").toString();
  }

  private static String image(int number) {
    return rows(images.normalize(number, 1), true);
  }

  private static float[] levels(int number) {
    float[] levels = new float[784];
    for (int i = 0; i < 784; i++) {
      levels[i] = images.pixels()[784 * number + i] & 0xff;
    }
    return levels;
  }

  private static byte[] bytes(int number) {
    return Arrays.copyOfRange(images.pixels(), 784 * number, 784 * (number + 1));
  }

  private static float[] floats(JsonNode numbers) {
    float[] floats = new float[numbers.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers.get(i).asDouble();
    }
    return floats;
  }

  private static void assertError(Response response, int status, String why) throws IOException {
    assertThat(response.status()).as(response.body()).isEqualTo(status);
    assertThat(response.body().lines()).hasSize(1);
    assertThat(response.error()).contains(why);
  }

  // ---- TensorFlow Serving's API

  @Test
  void predictsToTheBitWhatTheModelPredicts() throws Exception {
    for (int i = 0; i < 20; i++) {
      JsonNode one =
          client.post(PREDICT, "{\"instances\": [" + image(i) + "]}").json().at("/predictions/0");
      assertThat(floats(one.get("predictions")))
          .isEqualTo(model.probabilities(images.normalize(i, 1)));
      assertThat(one.get("classes").asInt())
          .isEqualTo(model.predict(images.normalize(i, 1)).get(0).best());
    }
    JsonNode both =
        client.post(PREDICT, "{\"inputs\": [" + image(3) + "," + image(4) + "]}").json();
    float[] expected = model.probabilities(images.normalize(3, 2));
    assertThat(floats(both.at("/outputs/predictions/0"))).isEqualTo(Arrays.copyOf(expected, 10));
    assertThat(floats(both.at("/outputs/predictions/1")))
        .isEqualTo(Arrays.copyOfRange(expected, 10, 20));
    assertThat(both.at("/outputs/classes")).hasSize(2);
  }

  @Test
  void acceptsAllRequestFormats() throws Exception {
    String signature = "\"signature_name\": \"bytes\"";
    String square = rows(levels(7), false);
    String binary = "{\"b64\": \"" + Base64.getEncoder().encodeToString(bytes(7)) + "\"}";
    String expected = client.post(PREDICT, "{\"instances\": [" + image(7) + "]}").body();
    for (String body :
        List.of(
            "{\"instances\": [{\"image\": " + image(7) + "}]}",
            "{\"signature_name\": \"serving_default\", \"instances\": [" + image(7) + "]}",
            "{\"instances\": [" + image(7) + "], \"signature_name\": \"\", \"more\": [{}]}",
            "{" + signature + ", \"instances\": [" + square + "]}",
            "{\"instances\": [{\"image_bytes\": " + square + "}], " + signature + "}",
            "{" + signature + ", \"instances\": [" + binary + "]}",
            "{" + signature + ", \"instances\": [{\"image_bytes\": " + binary + "}]}")) {
      Response response = client.post(PREDICT, body);
      assertThat(response.status()).as(response.body()).isEqualTo(200);
      assertThat(response.type()).isEqualTo("application/json");
      assertThat(response.body()).isEqualTo(expected);
    }
    String columns = client.post(PREDICT, "{\"inputs\": [" + image(7) + "]}").body();
    for (String body :
        List.of(
            "{\"inputs\": {\"image\": [" + image(7) + "]}}",
            "{" + signature + ", \"inputs\": [" + square + "]}",
            "{" + signature + ", \"inputs\": {\"image_bytes\": [" + binary + "]}}")) {
      assertThat(client.post(PREDICT, body).body()).isEqualTo(columns);
    }
    assertThat(
            client.post(
                "/v1/models/mnist/versions/1:predict", "{\"instances\": [" + image(7) + "]}"))
        .extracting(Response::body)
        .isEqualTo(expected);
  }

  @Test
  void acceptsNaN() throws Exception {
    float[] odd = images.normalize(0, 1);
    odd[400] = Float.NaN;
    assertThat(client.post(PREDICT, "{\"instances\": [" + rows(odd, true) + "]}").status())
        .isEqualTo(200);
  }

  @Test
  void reportsStatusAndMetadata() throws Exception {
    JsonNode status = client.get("/v1/models/mnist").json().at("/model_version_status/0");
    assertThat(status.get("version").asText()).isEqualTo("1");
    assertThat(status.get("state").asText()).isEqualTo("AVAILABLE");
    assertThat(status.at("/status/error_code").asText()).isEqualTo("OK");
    assertThat(status.at("/status/error_message").asText("missing")).isEmpty();
    assertThat(client.get("/v1/models/mnist/versions/1").json().at("/model_version_status"))
        .hasSize(1);

    JsonNode metadata = client.get("/v1/models/mnist/metadata").json();
    assertThat(metadata.at("/model_spec/name").asText()).isEqualTo("mnist");
    JsonNode signature = metadata.at("/metadata/signature_def/signature_def/serving_default");
    assertThat(signature.at("/inputs/image/dtype").asText()).isEqualTo("DT_FLOAT");
    assertThat(signature.at("/inputs/image/tensor_shape/dim").findValuesAsText("size"))
        .containsExactly("-1", "28", "28", "1");
    assertThat(signature.at("/method_name").asText()).isEqualTo("tensorflow/serving/predict");
  }

  @Test
  void reportsErrorsAsTensorFlowServingDoes() throws Exception {
    String right = "{\"instances\": [" + image(0) + "]}";
    assertError(
        client.post("/v1/models/half:predict", right),
        404,
        "Servable not found for request: Latest(half)");
    assertError(
        client.post("/v1/models/mnist/versions/7:predict", right),
        404,
        "Servable not found for request: Specific(mnist, 7)");
    String long20 = "99999999999999999999"; // exceeds the range of a long
    assertError(
        client.post("/v1/models/mnist/versions/" + long20 + ":predict", right), 404, long20);
    assertError(client.get("/v1/models/mnist/versions/" + long20), 404, long20);
    assertError(client.get("/v1/models/mnist/versions/" + long20 + "/metadata"), 404, long20);
    assertError(client.get("/v1/models/half"), 404, "Could not find any versions of model half");
    assertError(client.get("/v1/models/half/metadata"), 404, "Latest(half)");
    assertError(client.post("/v1/models/mnist", right), 400, "Malformed request: POST");
    assertError(client.get(PREDICT), 400, "Malformed request: GET");
    assertError(client.post("/v1/models/mnist:classify", right), 400, "classify");
    assertError(
        client.post(PREDICT, "{\"signature_name\": \"x\", " + right.substring(1)),
        400,
        "\"x\" not found in signature def");
    assertError(client.post(PREDICT, "{}"), 400, "Missing 'inputs' or 'instances' key");
    assertError(client.post(PREDICT, "{\"instances\": [1.0,"), 400, "JSON Parse error");
  }

  @Test
  void reportsWhatWasFoundAndExpected() throws Exception {
    String two = "[[1, 2], [3, 4]]";
    assertError(
        client.post(PREDICT, "{\"instances\": [" + two + "]}"),
        400,
        "image has shape [1, 2, 2], expected [batch, 28, 28, 1]");
    assertError(client.post(PREDICT, "{\"instances\": []}"), 400, "empty");
    assertError(client.post(PREDICT, "{\"instances\": 7}"), 400, "must be a list");
    assertError(client.post(PREDICT, "{\"instances\": [[1, [2]]]}"), 400, "level");
    assertError(client.post(PREDICT, "{\"instances\": [[1], [2, 3]]}"), 400, "a list of 2");
    assertError(client.post(PREDICT, "{\"instances\": [\"a\"]}"), 400, "expected numbers");
    assertError(client.post(PREDICT, "{\"instances\": [1e999]}"), 400, "too large for float32");
    assertError(
        client.post(PREDICT, "{\"instances\": [1], \"inputs\": [1]}"), 400, "only one of them");
    assertError(
        client.post(PREDICT, "{\"instances\": [{\"picture\": " + image(0) + "}]}"),
        400,
        "there is no input picture, expected image");
    String square = rows(levels(0), false);
    assertError(
        client.post(
            PREDICT,
            "{\"signature_name\": \"bytes\", \"instances\": ["
                + square.replaceFirst("0", "256")
                + "]}"),
        400,
        "contains 256.0, expected integers 0..255");
  }

  @Test
  void enforcesLimits() throws Exception {
    String many = String.join(",", Collections.nCopies(10_001, "[[1]]"));
    assertError(client.post(PREDICT, "{\"instances\": [" + many + "]}"), 400, "10000 instances");
    assertError(client.post(PREDICT, "{\"instances\": " + "[".repeat(100_000)), 400, "deep");
    assertError(client.post(PREDICT, "{\"a\":".repeat(100_000)), 400, "depth");
    assertError(client.post(PREDICT, new byte[(8 << 20) + 1]), 413, "8388608 bytes");
    assertError(
        client.send(
            client
                .request(PREDICT)
                .POST( // without a Content-Length
                    BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[9 << 20])))
                .build()),
        413,
        "8388608 bytes");
    ByteArrayOutputStream bmp = new ByteArrayOutputStream();
    bmp.writeBytes(Files.readAllBytes(PICTURES.resolve("6-grey.bmp")));
    byte[] large = bmp.toByteArray();
    large[20] = 0x40; // its width
    assertError(client.post("/v1/digits", large), 400, "expected at most 20 million");
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(zipped)) {
      out.write(content);
    }
    return zipped.toByteArray();
  }

  private static Response post(String encoding, byte[] body) throws Exception {
    return client.send(
        client
            .request(PREDICT)
            .header("Content-Encoding", encoding)
            .POST(BodyPublishers.ofByteArray(body))
            .build());
  }

  @Test
  void decompressesBodies() throws Exception {
    byte[] plain = ("{\"instances\": [" + image(0) + "]}").getBytes(UTF_8);
    String expected = client.post(PREDICT, plain).body();
    byte[] zipped = gzip(plain);
    assertThat(post("gzip", zipped).body()).isEqualTo(expected);
    assertThat(post("X-GZIP", zipped).body()).isEqualTo(expected);
    assertThat(post("identity", plain).body()).isEqualTo(expected);
    assertError(post("gzip", gzip(new byte[(8 << 20) + 1])), 413, "8388608 bytes");
    assertError(post("gzip", plain), 400, "cannot be read: Not in GZIP format");
    assertError(post("gzip", Arrays.copyOf(zipped, zipped.length / 2)), 400, "cannot be read");
    assertError(post("br", plain), 415, "found Content-Encoding br, expected gzip or none");
    assertError(post("gzip, gzip", plain), 415, "gzip, gzip");
  }

  @Test
  void nullCountsAsAbsent() throws Exception {
    String right = "{\"instances\": [" + image(0) + "]";
    assertThat(client.post(PREDICT, right + ", \"inputs\": null, \"signature_name\": null}"))
        .isEqualTo(client.post(PREDICT, right + "}"));
    assertError(client.post(PREDICT, "{\"instances\": null}"), 400, "Missing 'inputs'");
  }

  @Test
  void decodesNamesInPaths() throws Exception {
    for (String name : List.of("two words", "a+b", "é(1)")) {
      TrainedRuns.poor(folder.resolve("runs").resolve(name));
      String encoded = URLEncoder.encode(name, UTF_8).replace("+", "%20");
      String path = "/v1/models/" + encoded;
      assertThat(client.get(path).status()).as(name).isEqualTo(200);
      assertThat(client.get(path + "/versions/1/metadata").status()).as(name).isEqualTo(200);
      assertThat(client.post(path + ":predict", "{\"instances\": [" + image(0) + "]}").status())
          .as(name)
          .isEqualTo(200);
    }
  }

  // ---- Pictures

  @Test
  void classifiesPicturesAsPredictDoes() throws Exception {
    int recognized = 0;
    try (Stream<Path> pictures = Files.list(PICTURES)) {
      for (Path picture : pictures.sorted().toList()) {
        JsonNode answer = client.post("/v1/digits", Files.readAllBytes(picture)).json();
        float[] expected = model.probabilities(LabeledImages.normalize(Picture.read(picture)));
        assertThat(floats(answer.get("probabilities"))).as(picture.toString()).isEqualTo(expected);
        String digit = picture.getFileName().toString().substring(0, 1);
        assertThat(answer.get("name").asText()).isEqualTo(answer.get("class").asText());
        recognized += answer.get("name").asText().equals(digit) ? 1 : 0;
      }
    }
    assertThat(recognized).isGreaterThanOrEqualTo(14); // of 16, as in PredictTest
  }

  @Test
  void warnsOfAPictureWithSeveralThings() throws Exception {
    BufferedImage two = new BufferedImage(200, 100, BufferedImage.TYPE_BYTE_GRAY);
    two.createGraphics().fillRect(40, 10, 15, 80);
    two.createGraphics().fillRect(140, 10, 15, 80);
    ByteArrayOutputStream picture = new ByteArrayOutputStream();
    ImageIO.write(two, "png", picture);
    String warning = "there is more than one thing in the picture";
    for (String path : List.of("/v1/digits", "/page/look?model=mnist")) {
      JsonNode answer = client.post(path, picture.toByteArray()).json();
      assertThat(answer.at("/warnings")).singleElement().asString().contains(warning);
    }
  }

  @Test
  void rejectsWhatIsNotAPicture() throws Exception {
    byte[] good = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    assertError(client.post("/v1/digits", "hello"), 400, "not an image");
    assertError(client.post("/v1/digits", ""), 400, "empty");
    assertError(client.post("/v1/digits", Arrays.copyOf(good, good.length / 2)), 400, "damaged");
    assertError(client.get("/v1/digits"), 400, "Malformed request");
  }

  @Test
  void comparesModels() throws Exception {
    byte[] picture = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    JsonNode answer = client.post("/page/look?model=mnist&model=dense&model=none", picture).json();
    assertThat(answer.get("seen").binaryValue())
        .isEqualTo(Picture.read(PICTURES.resolve("0-paint.png")));
    assertThat(answer.at("/answers/0/class").asInt()).isZero();
    assertThat(answer.at("/answers/1/probabilities"))
        .isEqualTo(answer.at("/answers/0/probabilities"));
    assertThat(answer.at("/answers/2/error").asText()).contains("no model named none");
    assertError(client.post("/page/look", picture), 400, "found 0 models");
  }

  // ---- The server

  @Test
  void matchesItsOpenApiDescription() throws Exception {
    JsonNode description = client.get("/openapi.json").json();
    assertThat(description.at("/servers/0/url").asText()).isEqualTo("/");
    assertThat(description.path("paths").has("/v1/models/{name}/versions/{version}/metadata"))
        .isTrue();
    for (JsonNode path : description.path("paths")) {
      assertThat(path.iterator().next().path("responses").fieldNames())
          .toIterable()
          .contains("403", "405");
    }
    description
        .path("paths")
        .fieldNames()
        .forEachRemaining(
            path -> {
              String here = path.replace("{name}", "mnist").replace("{version}", "1");
              boolean get = description.at("/paths").path(path).has("get");
              try {
                Response response = get ? client.get(here) : client.post(here, "");
                assertThat(response.status()).as(path).isEqualTo(get ? 200 : 400);
              } catch (Exception e) {
                throw new AssertionError(path, e);
              }
            });
  }

  @Test
  void reportsHealthAndMetrics() throws Exception {
    assertThat(client.get("/healthz").json().get("status").asText()).isEqualTo("ok");
    client.post("/v1/digits", Files.readAllBytes(PICTURES.resolve("0-paint.png")));
    client.post("/v1/digits", "hello");
    Response metrics = client.get("/metrics");
    assertThat(metrics.type()).startsWith("text/plain");
    assertThat(metrics.body())
        .containsPattern("mnist_requests_total\\{kind=\"digits\",status=\"200\"\\} [1-9]")
        .containsPattern("mnist_errors_total\\{kind=\"digits\"\\} [1-9]")
        .containsPattern("mnist_request_seconds_bucket\\{kind=\"digits\",le=\"0.5\"\\} [1-9]")
        .containsPattern("mnist_images_total [1-9]");
  }

  @Test
  void rejectsForeignHostsOriginsAndMethods() throws Exception {
    String own = server.address().replaceFirst("/$", "");
    for (String origin :
        List.of("http://evil.example", "null", own + ".evil.example", "https" + own.substring(4))) {
      assertError(
          client.send(client.request("/healthz").header("Origin", origin).build()),
          403,
          "unexpected Origin");
    }
    assertThat(client.send(client.request("/healthz").header("Origin", own).build()).status())
        .isEqualTo(200);
    Response put = client.send(client.request("/healthz").PUT(BodyPublishers.noBody()).build());
    assertError(put, 405, "PUT is not allowed here, expected");
    assertThat(raw("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")).contains(" 403 ");
  }

  @Test
  void rejectsMalformedHeaders() throws Exception {
    String host = "Host: " + URI.create(server.address()).getAuthority() + "\r\n";
    String get = "GET /healthz HTTP/1.1\r\n";
    for (String request :
        List.of(
            "noise\r\n\r\n",
            "GET /healthz HTTP/9.9\r\n" + host + "\r\n",
            "GET /%ff HTTP/1.1\r\n" + host + "\r\n",
            "GET * HTTP/1.1\r\n" + host + "\r\n",
            "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\n" + host + "\r\n",
            get + "\r\n",
            get + host + host + "\r\n",
            get + host + "no colon\r\n\r\n",
            get + host + "X: \0\r\n\r\n",
            get + host + "X: " + "a".repeat(20_000) + "\r\n\r\n",
            get + host + "Expect: nothing\r\n\r\n",
            get + host + "Transfer-Encoding: gzip\r\n\r\n")) {
      String[] answer = raw(request).split("\r\n\r\n");
      assertThat(answer).as(request).hasSize(2);
      assertThat(answer[0]).as(request).startsWith("HTTP/1.1 4");
      assertThat(answer[1]).as(request).matches("\\{\"error\":\".+\"}");
    }
  }

  @Test
  void sendsNoBodyToHead() throws Exception {
    URI address = URI.create(server.address());
    String request = "HEAD /%ff HTTP/1.1\r\nHost: " + address.getAuthority() + "\r\n\r\n";
    // A second request follows; its response does not belong to the first one.
    RawHttp.Response response =
        RawHttp.exchange(
            address, (request + "noise\r\n\r\n").getBytes(UTF_8), Duration.ofSeconds(5));
    assertThat(response.status()).isEqualTo(400);
    assertThat(response.body()).isEmpty();
  }

  /** Sends a request and nothing more; returns all that the server sends. */
  private static String raw(String request) throws IOException {
    URI address = URI.create(server.address());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket.getOutputStream().write(request.getBytes(UTF_8));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  /**
   * Sends the beginning of a request, then one byte at each interval until the server responds, and
   * returns all that the server sends.
   */
  private static String sendSlowly(WebServer to, String start, int intervalMillis, int count)
      throws Exception {
    URI address = URI.create(to.address());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(start.getBytes(UTF_8));
      for (int i = 0; i < count && socket.getInputStream().available() == 0; i++) {
        Thread.sleep(intervalMillis);
        out.write('1');
      }
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    } catch (IOException e) {
      return "closed";
    }
  }

  @Test
  void slowClientsAreDisconnected() throws Exception {
    String head = "POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n";
    try (WebServer impatient = start(Duration.ofMillis(500))) {
      for (int interval : new int[] {0, 100}) { // no further byte, or one now and then
        int count = interval == 0 ? 0 : 60;
        long start = System.nanoTime();
        assertThat(sendSlowly(impatient, head + "\r\n{", interval, count))
            .contains(" 408 ")
            .contains("\"error\"");
        assertThat(sendSlowly(impatient, head + "X: ", interval, count)).doesNotContain(" 200 ");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      }
    }
  }

  @Test
  void survivesFuzzing() throws Exception {
    Fuzzing fuzzing = Fuzzing.run(URI.create(server.address()), 300, 2026);
    assertThat(fuzzing.faults()).isEmpty();
    assertThat(fuzzing.statuses().getOrDefault(400, 0)).isGreaterThan(150);
  }
}
