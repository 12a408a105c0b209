package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.Mnist10Softmax;
import mnist.SpecialFile;
import mnist.TestData;
import mnist.app.Training;
import mnist.app.ViewPage;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.model.Model;
import mnist.platform.Json;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.runs.RunSummary;
import mnist.training.TrainingListener;
import mnist.view.ShownRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@link RunRoutes} over HTTP. */
@Timeout(30)
class RunRoutesTest {
  private static final TrainingListener NOBODY = new TrainingListener() {};

  @TempDir static Path folder;
  private static Path data;
  private static Path run;
  private static ViewPage page;
  private static URI address;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeAll
  static void start() throws Exception {
    data = FewDigits.writeTo(folder.resolve("data"));
    Path runs = Files.createDirectory(folder.resolve("runs"));
    run =
        ShownRun.train(new Mnist10Softmax(), NOBODY, data, runs.resolve("one"), "--iterations=100");
    page = new ViewPage(runs, 0, "--port", true, System.err::println);
    address = URI.create(page.address());
  }

  @AfterAll
  static void end() {
    page.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address.resolve(path)).timeout(Duration.ofSeconds(5));
  }

  private HttpResponse<byte[]> get(String path) throws Exception {
    return http.send(request(path).build(), BodyHandlers.ofByteArray());
  }

  private JsonNode json(String path) throws Exception {
    HttpResponse<byte[]> response = get(path);
    assertThat(response.statusCode()).isEqualTo(200);
    return Json.MAPPER.readTree(response.body());
  }

  private void assertError(String path, int status, String why) throws Exception {
    HttpResponse<byte[]> response = get(path);
    assertThat(response.statusCode()).as(path).isEqualTo(status);
    assertThat(Json.MAPPER.readTree(response.body()).path("error").asText()).as(path).contains(why);
  }

  private static Socket ask(String path, String host) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(1024); // so that little waits on the way
    socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
    String request = "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(path, host);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  // ---- What it rejects

  @Test
  void rejectsForeignHosts() throws Exception {
    assertThat(statusLine("/api/runs", "127.0.0.1:" + address.getPort())).contains(" 200 ");
    assertThat(statusLine("/api/runs", "localhost")).contains(" 200 ");
    for (String foreign : List.of("evil.example", "127.0.0.1.evil.example:80", "localhost.")) {
      assertThat(statusLine("/api/runs", foreign)).as(foreign).contains(" 403 ");
      assertThat(statusLine("/", foreign)).as(foreign).contains(" 403 ");
    }
  }

  private static String statusLine(String path, String host) throws IOException {
    try (Socket socket = ask(path, host)) {
      return new String(socket.getInputStream().readNBytes(15), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void listensOnOneAddressOnly() throws Exception {
    try (Socket socket = new Socket()) {
      InetSocketAddress beside = new InetSocketAddress("127.0.0.2", address.getPort());
      assertThatThrownBy(() -> socket.connect(beside, 1000)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void rejectsMethodsThatCouldChangeARun() throws Exception {
    for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS")) {
      HttpRequest request =
          request("/api/runs/one").method(method, HttpRequest.BodyPublishers.noBody()).build();
      assertThat(http.send(request, BodyHandlers.ofString()).statusCode())
          .as(method)
          .isEqualTo(405);
    }
  }

  @Test
  void servesNothingOutsideTheRunsFolder() throws Exception {
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.writeString(outside.resolve("run.json"), "{\"status\": \"secret\"}");
    Path hidden = Files.createDirectories(folder.resolve("runs").resolve(".hidden"));
    Files.writeString(hidden.resolve("run.json"), "{\"status\": \"secret\"}");

    assertError("/api/runs/.hidden/run.json", 404, "there is no run .hidden");
    assertError("/api/runs/two", 404, "there is no run two");
    assertError("/api/runs/two/follow", 404, "there is no run two");
    for (String path :
        List.of(
            "/api/runs/..%2foutside/run.json",
            "/api/runs/%2e%2e%2foutside/run.json",
            "/api/runs/..%5coutside/run.json",
            "/api/runs/../../outside/run.json",
            "/api/runs/%2e%2e/%2e%2e/outside/run.json",
            "/..%2fversion.properties",
            "/uplot/..%2f..%2fpackage.json")) {
      try (Socket socket = ask(path, "127.0.0.1")) {
        socket.shutdownOutput();
        String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(answer).as(path).containsPattern("^HTTP/1.1 40[04] ").doesNotContain("secret");
      }
    }
    assertThat(json("/api/runs")).extracting(run -> run.path("name").asText()).contains("one");
    assertThat(json("/api/runs").toString()).doesNotContain("secret");
  }

  @Test
  @Timeout(60)
  void servesRegularFilesOfARunOnly() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret.txt"), "secret");
    Path linked = ShownRun.copy(run, "linked-record");
    Files.delete(linked.resolve(RunFolder.VIEW_RECORD));
    Files.createSymbolicLink(linked.resolve(RunFolder.VIEW_RECORD), secret);
    assertError("/api/runs/linked-record/record", 404, "is a symbolic link");

    Path info = ShownRun.copy(run, "linked-info");
    Files.delete(info.resolve("run.json"));
    Files.createSymbolicLink(info.resolve("run.json"), secret);
    assertError("/api/runs/linked-info/run.json", 404, "is a symbolic link");

    Path fifo = ShownRun.copy(run, "fifo");
    for (String file : List.of("run.json", RunFolder.VIEW_RECORD)) {
      Files.delete(fifo.resolve(file));
      SpecialFile.fifo(fifo.resolve(file));
    }
    assertError("/api/runs/fifo/run.json", 404, "is not a regular file");
    assertError("/api/runs/fifo/record", 404, "is not a regular file");
    SpecialFile.fifo(Files.createDirectory(fifo.resolve("model")).resolve("saved_model.pb"));
    assertError("/api/runs/fifo/probabilities/test/0", 404, "is not a regular file");

    Path sparse = ShownRun.copy(run, "sparse");
    SpecialFile.sparse(sparse.resolve("run.json"), 3_000_000_000L);
    assertError("/api/runs/sparse/run.json", 404, "expected at most");

    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("run.json"), "{\"status\": \"secret\"}");
    Files.createSymbolicLink(run.resolveSibling("linked"), elsewhere);
    assertError("/api/runs/linked/run.json", 404, "is a symbolic link");
    assertThat(get("/api/runs").body()).asString().doesNotContain("secret\"");
    assertThat(json("/api/runs").findValuesAsText("name"))
        .contains("one", "linked-info", "fifo", "sparse", "linked");
  }

  @Test
  void readsNoPipeThatARunNamesAsItsData() throws Exception {
    Path pipes = FewDigits.writeTo(folder.resolve("pipes"));
    Path labels = pipes.resolve("t10k-labels-idx1-ubyte");
    Files.delete(labels);
    SpecialFile.fifo(labels);
    Path foreign = ShownRun.copy(run, "pipes");
    ObjectNode json = (ObjectNode) ShownRun.json(foreign);
    ((ObjectNode) json.get("data")).put("source", pipes.toString());
    ((ObjectNode) json.at("/data/sha256")).put("t10k-labels-idx1-ubyte", "0".repeat(64));
    Files.write(foreign.resolve("run.json"), Json.MAPPER.writeValueAsBytes(json));
    assertError("/api/runs/pipes/images/test?numbers=0", 404, "is not a regular file");
  }

  /** Which would hold up every other request for images. */
  @Test
  void neverDownloadsOrDrawsADataSet() throws Exception {
    Path missing = ShownRun.copy(run, "missing-data");
    String json = Files.readString(missing.resolve("run.json"));
    for (String set : List.of("mnist", "fashion-mnist", "synthetic", "auto")) {
      ObjectNode changed = (ObjectNode) Json.MAPPER.readTree(json);
      ObjectNode named = (ObjectNode) changed.get("data");
      named.put("name", set).put("source", folder.resolve("nowhere").toString());
      ((ObjectNode) named.get("sha256")).put("t10k-labels-idx1-ubyte", "0".repeat(64));
      Files.write(missing.resolve("run.json"), Json.MAPPER.writeValueAsBytes(changed));
      HttpResponse<byte[]> response = get("/api/runs/missing-data/images/test?numbers=0");
      assertThat(response.statusCode()).as(set).isEqualTo(404);
    }
  }

  @Test
  void reportsAPortInUseInOneLine() {
    int port = address.getPort();
    String line = "port %d is in use; choose another with %s, or 0 for any free port";
    assertThatThrownBy(() -> new ViewPage(folder, port, "--port", true, text -> {}))
        .isInstanceOf(IOException.class)
        .hasMessage(line, port, "--port");

    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Training.run(
            new Mnist10Softmax(),
            NOBODY,
            new PrintStream(OutputStream.nullOutputStream()),
            new PrintStream(err, true),
            "--data=" + data,
            "--view",
            "--view-port=" + port,
            "--run-dir=" + folder.resolve("busy"));
    assertThat(exitCode).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo("error: " + line.formatted(port, "--view-port") + System.lineSeparator());
    assertThat(folder.resolve("busy")).doesNotExist();
  }

  // ---- What it serves

  @Test
  void listsRunsWhileOthersAppearAndDisappear() throws Exception {
    Path coming = Files.createDirectory(run.resolveSibling("coming"));
    Path json = coming.resolve("run.json");
    byte[] content = Files.readAllBytes(run.resolve("run.json"));
    RunFolders runs = new RunFolders(run.getParent(), line -> {});
    AtomicBoolean stop = new AtomicBoolean();
    Thread comingAndGoing =
        new Thread(
            () -> {
              try {
                while (!stop.get()) {
                  Files.write(json, content);
                  Files.delete(json);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    comingAndGoing.start();
    try {
      for (int look = 0; look < 1000; look++) {
        assertThat(runs.summaries()).extracting(RunSummary::name).contains("one");
      }
    } finally {
      stop.set(true);
      comingAndGoing.join();
    }
  }

  @Test
  void servesTheRecordFromAnyByte() throws Exception {
    byte[] record = Files.readAllBytes(run.resolve(RunFolder.VIEW_RECORD));
    assertThat(get("/api/runs/one/record").body()).isEqualTo(record);
    assertThat(get("/api/runs/one/record?from=1000").body())
        .isEqualTo(Arrays.copyOfRange(record, 1000, record.length));
    assertThat(get("/api/runs/one/record?from=" + record.length).body()).isEmpty();
    assertError(
        "/api/runs/one/record?from=" + (record.length + 1), 400, "the size of the view record");
    assertError("/api/runs/one/record?from=-1", 400, "must be a non-negative integer, found -1");
    assertError("/api/runs/one/record?from=x", 400, "must be a non-negative integer, found x");
  }

  @Test
  void notifiesFollowersOfGrowthUntilTheEnd() throws Exception {
    Path live = ShownRun.copy(run, "live");
    ShownRun.say(live, "running");
    Path record = live.resolve(RunFolder.VIEW_RECORD);
    long size = Files.size(record);
    HttpResponse<Stream<String>> response =
        http.send(request("/api/runs/live/follow").build(), BodyHandlers.ofLines());
    assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    Iterator<String> events = response.body().filter(line -> line.startsWith("data: ")).iterator();
    assertThat(events.next()).isEqualTo(event(size, "running"));

    Files.write(record, new byte[7], StandardOpenOption.APPEND);
    assertThat(events.next()).isEqualTo(event(size + 7, "running"));
    ShownRun.say(live, "completed");
    assertThat(events.next()).isEqualTo(event(size + 7, "completed"));
    assertThat(events.hasNext()).isFalse();
  }

  @Test
  void notifiesFollowersThatTheFolderIsGone() throws Exception {
    Path live = ShownRun.copy(run, "lost");
    ShownRun.say(live, "running");
    HttpResponse<Stream<String>> response =
        http.send(request("/api/runs/lost/follow").build(), BodyHandlers.ofLines());
    Iterator<String> events = response.body().filter(line -> line.startsWith("data: ")).iterator();
    assertThat(events.next()).contains("running");
    Files.delete(live.resolve("run.json"));
    assertThat(events.next()).isEqualTo(event(0, "gone"));
    assertThat(events.hasNext()).isFalse();
  }

  private static String event(long bytes, String status) {
    return "data: {\"bytes\":%d,\"status\":\"%s\"}".formatted(bytes, status);
  }

  @Test
  void servesTheImagesOfTheDataSet() throws Exception {
    DataSet set = TestData.in(data);
    assertThat(get("/api/runs/one/images/test?numbers=5,0,499").body())
        .isEqualTo(pixels(set.test(), 5, 0, 499));
    assertThat(get("/api/runs/one/images/train?numbers=999").body())
        .isEqualTo(pixels(set.training(), 999));
    assertThat(get("/api/runs/one/images/train?first=2&count=3").body())
        .isEqualTo(pixels(set.training(), 2, 3, 4));
    assertThat(get("/api/runs/one/images/test?first=0&count=500").body())
        .isEqualTo(set.test().pixels());
    assertError("/api/runs/one/images/test?numbers=500", 404, "the numbers are 0 to 499");
    assertError("/api/runs/one/images/test?first=0&count=2000000000", 400, "at most 10000");
    assertError("/api/runs/one/images/all?numbers=0", 404, "expected train or test");
  }

  private static byte[] pixels(LabeledImages set, int... numbers) {
    ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    for (int number : numbers) {
      pixels.write(set.pixels(), number * LabeledImages.PIXELS, LabeledImages.PIXELS);
    }
    return pixels.toByteArray();
  }

  @Test
  void predictsWhatTheModelPredicts() throws Exception {
    LabeledImages test = TestData.in(data).test();
    try (Model model = Model.load(run.resolve("model"))) {
      for (int number : new int[] {0, 7, 499}) {
        JsonNode answer = json("/api/runs/one/probabilities/test/" + number);
        assertThat(answer.path("right").asInt()).isEqualTo(test.labels()[number]);
        float[] probabilities =
            Json.MAPPER.treeToValue(answer.path("probabilities"), float[].class);
        assertThat(probabilities).isEqualTo(model.probabilities(test.normalize(number, 1)));
      }
    }
    ShownRun.copy(run, "without-model");
    assertError("/api/runs/without-model/probabilities/test/0", 404, "has no model yet");
  }

  @Test
  void stalledFollowersDelayNobody() throws Exception {
    Path live = ShownRun.copy(run, "stalled");
    ShownRun.say(live, "running");
    String much = "/api/runs/one/images/train?numbers=" + "0,".repeat(3500) + "0"; // 2.7 MB
    List<Socket> stalled = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        stalled.add(ask("/api/runs/stalled/follow", "127.0.0.1"));
        stalled.add(ask(much, "127.0.0.1"));
      }
      for (Socket socket : stalled) {
        assertThat(socket.getInputStream().read()).isEqualTo('H'); // it is being served
      }
      long before = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        assertThat(get("/api/runs/one/record").statusCode()).isEqualTo(200);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(4));
    } finally {
      for (Socket socket : stalled) {
        socket.close();
      }
    }
  }
}
