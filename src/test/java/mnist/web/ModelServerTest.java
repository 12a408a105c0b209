package mnist.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
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
import mnist.TestData;
import mnist.bench.Fuzzing;
import mnist.bench.RawHttp;
import mnist.data.LabeledImages;
import mnist.images.Picture;
import mnist.model.Model;
import mnist.web.Asking.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the server answers over real HTTP, and what it refuses. */
@Timeout(60)
class ModelServerTest {
  private static final String PREDICT = "/v1/models/mnist:predict";
  private static final Path PICTURES = Path.of("src", "test", "resources", "mnist", "pictures");
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @TempDir static Path folder;
  private static final List<String> LOG = new CopyOnWriteArrayList<>();
  private static LabeledImages images;
  private static ModelServer server;
  private static Model model;
  private static Asking asking;

  @BeforeAll
  static void begin() throws Exception {
    Path exported = TrainedRuns.dense(folder.resolve("runs").resolve("dense"));
    images = TestData.drawnDigits().test();
    model = Model.load(exported);
    server =
        new ModelServer(
            new ModelServer.Place("mnist", "127.0.0.1", 0, "--port"),
            exported,
            folder.resolve("runs"),
            LOG::add,
            PATIENCE);
    asking = new Asking(server.address());
  }

  @AfterAll
  static void end() {
    if (server != null) {
      server.close();
      model.close();
    }
    assertThat(LOG).isEmpty();
  }

  /** An image as lists of rows; each pixel in a list of its own, or not. */
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

  private static void assertRefused(Answer answer, int status, String why) throws IOException {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body().lines()).hasSize(1);
    assertThat(answer.error()).contains(why);
  }

  // ---- TensorFlow Serving's interface

  @Test
  void answersToTheLastBitWhatTheModelSays() throws Exception {
    for (int i = 0; i < 20; i++) {
      JsonNode one =
          asking.post(PREDICT, "{\"instances\": [" + image(i) + "]}").json().at("/predictions/0");
      assertThat(floats(one.get("predictions")))
          .isEqualTo(model.probabilities(images.normalize(i, 1)));
      assertThat(one.get("classes").asInt())
          .isEqualTo(model.predict(images.normalize(i, 1)).get(0).best());
    }
    JsonNode both =
        asking.post(PREDICT, "{\"inputs\": [" + image(3) + "," + image(4) + "]}").json();
    float[] expected = model.probabilities(images.normalize(3, 2));
    assertThat(floats(both.at("/outputs/predictions/0"))).isEqualTo(Arrays.copyOf(expected, 10));
    assertThat(floats(both.at("/outputs/predictions/1")))
        .isEqualTo(Arrays.copyOfRange(expected, 10, 20));
    assertThat(both.at("/outputs/classes")).hasSize(2);
  }

  @Test
  void takesAllFormsThatTheInterfaceHas() throws Exception {
    String signature = "\"signature_name\": \"bytes\"";
    String square = rows(levels(7), false);
    String binary = "{\"b64\": \"" + Base64.getEncoder().encodeToString(bytes(7)) + "\"}";
    String expected = asking.post(PREDICT, "{\"instances\": [" + image(7) + "]}").body();
    for (String body :
        List.of(
            "{\"instances\": [{\"image\": " + image(7) + "}]}",
            "{\"signature_name\": \"serving_default\", \"instances\": [" + image(7) + "]}",
            "{\"instances\": [" + image(7) + "], \"signature_name\": \"\", \"more\": [{}]}",
            "{" + signature + ", \"instances\": [" + square + "]}",
            "{\"instances\": [{\"image_bytes\": " + square + "}], " + signature + "}",
            "{" + signature + ", \"instances\": [" + binary + "]}",
            "{" + signature + ", \"instances\": [{\"image_bytes\": " + binary + "}]}")) {
      Answer answer = asking.post(PREDICT, body);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertThat(answer.type()).isEqualTo("application/json");
      assertThat(answer.body()).isEqualTo(expected);
    }
    String columns = asking.post(PREDICT, "{\"inputs\": [" + image(7) + "]}").body();
    for (String body :
        List.of(
            "{\"inputs\": {\"image\": [" + image(7) + "]}}",
            "{" + signature + ", \"inputs\": [" + square + "]}",
            "{" + signature + ", \"inputs\": {\"image_bytes\": [" + binary + "]}}")) {
      assertThat(asking.post(PREDICT, body).body()).isEqualTo(columns);
    }
    assertThat(
            asking.post(
                "/v1/models/mnist/versions/1:predict", "{\"instances\": [" + image(7) + "]}"))
        .extracting(Answer::body)
        .isEqualTo(expected);
  }

  @Test
  void notANumberIsANumber() throws Exception {
    float[] odd = images.normalize(0, 1);
    odd[400] = Float.NaN;
    assertThat(asking.post(PREDICT, "{\"instances\": [" + rows(odd, true) + "]}").status())
        .isEqualTo(200);
  }

  @Test
  void saysHowTheModelIs() throws Exception {
    JsonNode status = asking.get("/v1/models/mnist").json().at("/model_version_status/0");
    assertThat(status.get("version").asText()).isEqualTo("1");
    assertThat(status.get("state").asText()).isEqualTo("AVAILABLE");
    assertThat(status.at("/status/error_code").asText()).isEqualTo("OK");
    assertThat(status.at("/status/error_message").asText("missing")).isEmpty();
    assertThat(asking.get("/v1/models/mnist/versions/1").json().at("/model_version_status"))
        .hasSize(1);

    JsonNode metadata = asking.get("/v1/models/mnist/metadata").json();
    assertThat(metadata.at("/model_spec/name").asText()).isEqualTo("mnist");
    JsonNode signature = metadata.at("/metadata/signature_def/signature_def/serving_default");
    assertThat(signature.at("/inputs/image/dtype").asText()).isEqualTo("DT_FLOAT");
    assertThat(signature.at("/inputs/image/tensor_shape/dim").findValuesAsText("size"))
        .containsExactly("-1", "28", "28", "1");
    assertThat(signature.at("/method_name").asText()).isEqualTo("tensorflow/serving/predict");
  }

  @Test
  void refusesAsTensorFlowServingDoes() throws Exception {
    String right = "{\"instances\": [" + image(0) + "]}";
    assertRefused(
        asking.post("/v1/models/half:predict", right),
        404,
        "Servable not found for request: Latest(half)");
    assertRefused(
        asking.post("/v1/models/mnist/versions/7:predict", right),
        404,
        "Servable not found for request: Specific(mnist, 7)");
    String long20 = "99999999999999999999"; // larger than any long
    assertRefused(
        asking.post("/v1/models/mnist/versions/" + long20 + ":predict", right), 404, long20);
    assertRefused(asking.get("/v1/models/mnist/versions/" + long20), 404, long20);
    assertRefused(asking.get("/v1/models/mnist/versions/" + long20 + "/metadata"), 404, long20);
    assertRefused(asking.get("/v1/models/half"), 404, "Could not find any versions of model half");
    assertRefused(asking.get("/v1/models/half/metadata"), 404, "Latest(half)");
    assertRefused(asking.post("/v1/models/mnist", right), 400, "Malformed request: POST");
    assertRefused(asking.get(PREDICT), 400, "Malformed request: GET");
    assertRefused(asking.post("/v1/models/mnist:classify", right), 400, "classify");
    assertRefused(
        asking.post(PREDICT, "{\"signature_name\": \"x\", " + right.substring(1)),
        400,
        "\"x\" not found in signature def");
    assertRefused(asking.post(PREDICT, "{}"), 400, "Missing 'inputs' or 'instances' key");
    assertRefused(asking.post(PREDICT, "{\"instances\": [1.0,"), 400, "JSON Parse error");
  }

  @Test
  void saysWhatWasFoundAndExpected() throws Exception {
    String two = "[[1, 2], [3, 4]]";
    assertRefused(
        asking.post(PREDICT, "{\"instances\": [" + two + "]}"),
        400,
        "image has the shape [1, 2, 2], expected [batch, 28, 28, 1]");
    assertRefused(asking.post(PREDICT, "{\"instances\": []}"), 400, "empty");
    assertRefused(asking.post(PREDICT, "{\"instances\": 7}"), 400, "no list");
    assertRefused(asking.post(PREDICT, "{\"instances\": [[1, [2]]]}"), 400, "level");
    assertRefused(asking.post(PREDICT, "{\"instances\": [[1], [2, 3]]}"), 400, "a list of 2");
    assertRefused(asking.post(PREDICT, "{\"instances\": [\"a\"]}"), 400, "expected numbers");
    assertRefused(asking.post(PREDICT, "{\"instances\": [1e999]}"), 400, "too large for float32");
    assertRefused(
        asking.post(PREDICT, "{\"instances\": [1], \"inputs\": [1]}"), 400, "only one of them");
    assertRefused(
        asking.post(PREDICT, "{\"instances\": [{\"picture\": " + image(0) + "}]}"),
        400,
        "no input is named picture, expected image");
    String square = rows(levels(0), false);
    assertRefused(
        asking.post(
            PREDICT,
            "{\"signature_name\": \"bytes\", \"instances\": ["
                + square.replaceFirst("0", "256")
                + "]}"),
        400,
        "holds 256.0, expected whole numbers 0..255");
  }

  @Test
  void limitsAreKept() throws Exception {
    String many = String.join(",", Collections.nCopies(10_001, "[[1]]"));
    assertRefused(asking.post(PREDICT, "{\"instances\": [" + many + "]}"), 400, "10000 instances");
    assertRefused(asking.post(PREDICT, "{\"instances\": " + "[".repeat(100_000)), 400, "deep");
    assertRefused(asking.post(PREDICT, "{\"a\":".repeat(100_000)), 400, "depth");
    assertRefused(asking.post(PREDICT, new byte[(8 << 20) + 1]), 413, "8388608 bytes");
    assertRefused(
        asking.send(
            asking
                .request(PREDICT)
                .POST( // without saying how long it is
                    BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[9 << 20])))
                .build()),
        413,
        "8388608 bytes");
    ByteArrayOutputStream bmp = new ByteArrayOutputStream();
    bmp.writeBytes(Files.readAllBytes(PICTURES.resolve("6-grey.bmp")));
    byte[] large = bmp.toByteArray();
    large[20] = 0x40; // its width
    assertRefused(asking.post("/v1/digits", large), 400, "expected at most 20 million");
  }

  // ---- Pictures

  @Test
  void readsPicturesAsPredictDoes() throws Exception {
    int recognised = 0;
    try (Stream<Path> pictures = Files.list(PICTURES)) {
      for (Path picture : pictures.sorted().toList()) {
        JsonNode answer = asking.post("/v1/digits", Files.readAllBytes(picture)).json();
        float[] expected = model.probabilities(LabeledImages.normalize(Picture.read(picture)));
        assertThat(floats(answer.get("probabilities"))).as(picture.toString()).isEqualTo(expected);
        String digit = picture.getFileName().toString().substring(0, 1);
        assertThat(answer.get("name").asText()).isEqualTo(answer.get("class").asText());
        recognised += answer.get("name").asText().equals(digit) ? 1 : 0;
      }
    }
    assertThat(recognised).isGreaterThanOrEqualTo(14); // of 16, as in PredictTest
  }

  @Test
  void refusesWhatIsNoPicture() throws Exception {
    byte[] good = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    assertRefused(asking.post("/v1/digits", "hello"), 400, "not an image");
    assertRefused(asking.post("/v1/digits", ""), 400, "empty");
    assertRefused(asking.post("/v1/digits", Arrays.copyOf(good, good.length / 2)), 400, "damaged");
    assertRefused(asking.get("/v1/digits"), 400, "Malformed request");
  }

  @Test
  void showsAPictureToSeveralModels() throws Exception {
    byte[] picture = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    JsonNode answer = asking.post("/page/look?model=mnist&model=dense&model=none", picture).json();
    assertThat(answer.get("seen").binaryValue())
        .isEqualTo(Picture.read(PICTURES.resolve("0-paint.png")));
    assertThat(answer.at("/answers/0/class").asInt()).isZero();
    assertThat(answer.at("/answers/1/probabilities"))
        .isEqualTo(answer.at("/answers/0/probabilities"));
    assertThat(answer.at("/answers/2/error").asText()).contains("no model none");
    assertRefused(asking.post("/page/look", picture), 400, "0 models");
  }

  // ---- The rest

  @Test
  void isDescribed() throws Exception {
    JsonNode description = asking.get("/openapi.json").json();
    description
        .path("paths")
        .fieldNames()
        .forEachRemaining(
            path -> {
              String here = path.replace("{name}", "mnist").replace("{version}", "1");
              boolean get = description.at("/paths").path(path).has("get");
              try {
                Answer answer = get ? asking.get(here) : asking.post(here, "");
                assertThat(answer.status()).as(path).isEqualTo(get ? 200 : 400);
              } catch (Exception e) {
                throw new AssertionError(path, e);
              }
            });
  }

  @Test
  void isWellAndCounts() throws Exception {
    assertThat(asking.get("/healthz").json().get("status").asText()).isEqualTo("ok");
    asking.post("/v1/digits", Files.readAllBytes(PICTURES.resolve("0-paint.png")));
    asking.post("/v1/digits", "hello");
    Answer metrics = asking.get("/metrics");
    assertThat(metrics.type()).startsWith("text/plain");
    assertThat(metrics.body())
        .containsPattern("mnist_requests_total\\{kind=\"digits\",status=\"200\"\\} [1-9]")
        .containsPattern("mnist_errors_total\\{kind=\"digits\"\\} [1-9]")
        .containsPattern("mnist_request_seconds_bucket\\{kind=\"digits\",le=\"0.5\"\\} [1-9]")
        .containsPattern("mnist_images_total [1-9]");
  }

  @Test
  void answersOnlyItsOwnPages() throws Exception {
    String own = server.address().replaceFirst("/$", "");
    for (String origin :
        List.of("http://evil.example", "null", own + ".evil.example", "https" + own.substring(4))) {
      assertRefused(
          asking.send(asking.request("/healthz").header("Origin", origin).build()),
          403,
          "a page from");
    }
    assertThat(asking.send(asking.request("/healthz").header("Origin", own).build()).status())
        .isEqualTo(200);
    Answer put = asking.send(asking.request("/healthz").PUT(BodyPublishers.noBody()).build());
    assertRefused(put, 405, "expected GET or HEAD or POST");
    assertThat(raw("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 0, 0)).contains(" 403 ");
  }

  @Test
  void brokenHeadsAreRefusedInALineToo() throws Exception {
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
      String[] answer = raw(request, 0, 0).split("\r\n\r\n");
      assertThat(answer).as(request).hasSize(2);
      assertThat(answer[0]).as(request).startsWith("HTTP/1.1 4");
      assertThat(answer[1]).as(request).matches("\\{\"error\":\".+\"}");
    }
  }

  @Test
  void whoAsksForAHeadGetsNoMore() throws Exception {
    URI address = URI.create(server.address());
    String request = "HEAD /%ff HTTP/1.1\r\nHost: " + address.getAuthority() + "\r\n\r\n";
    // A second request follows; its answer is no part of the first one's.
    RawHttp.Response response =
        RawHttp.exchange(
            address, (request + "noise\r\n\r\n").getBytes(UTF_8), Duration.ofSeconds(5));
    assertThat(response.status()).isEqualTo(400);
    assertThat(response.body()).isEmpty();
  }

  /** Sends a beginning, then a byte each so often; gives all that comes back until it is closed. */
  private static String raw(String begin, int every, int times) throws Exception {
    URI address = URI.create(server.address());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(begin.getBytes(UTF_8));
      try {
        for (int i = 0; i < times && socket.getInputStream().available() == 0; i++) {
          Thread.sleep(every);
          out.write('1');
        }
      } catch (IOException e) {
        return "closed";
      }
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    } catch (IOException e) {
      return "closed";
    }
  }

  @Test
  void clientsThatStallAreCutOff() throws Exception {
    String head = "POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n";
    for (int every : new int[] {0, 300}) { // not a byte more, or a few now and then
      int times = every == 0 ? 0 : 60;
      long begin = System.nanoTime();
      assertThat(raw(head + "\r\n{", every, times)).contains(" 408 ").contains("\"error\"");
      assertThat(raw(head + "X: ", every, times)).doesNotContain(" 200 ");
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(PATIENCE.multipliedBy(5));
    }
  }

  @Test
  void standsWrongRequests() throws Exception {
    Fuzzing fuzzing = Fuzzing.run(URI.create(server.address()), 300, 2026);
    assertThat(fuzzing.faults()).isEmpty();
    assertThat(fuzzing.statuses().getOrDefault(400, 0)).isGreaterThan(150);
  }
}
