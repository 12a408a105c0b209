package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import mnist.SpecialFile;
import mnist.web.TestClient.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Versions that appear and disappear while requests are served. */
@Timeout(90)
class ModelVersionsTest {
  private static final Duration POLL_INTERVAL = Duration.ofMillis(50);

  @TempDir static Path trained;
  private static Path dense;
  private static Path poor;

  @TempDir Path versions;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private WebServer server;
  private TestClient client;

  @BeforeAll
  static void train() throws Exception {
    dense = TrainedRuns.dense(trained.resolve("dense"));
    poor = TrainedRuns.poor(trained.resolve("poor"));
  }

  @BeforeEach
  void start() throws Exception {
    copy(poor, 1);
    server = serve(versions);
    client = new TestClient(server.address());
  }

  @AfterEach
  void end() {
    if (server != null) {
      server.close();
    }
  }

  private WebServer serve(Path model) throws IOException {
    return TestServers.start(
        model, versions.resolve("none"), Duration.ofSeconds(10), POLL_INTERVAL, log::add);
  }

  private void copy(Path model, int version) throws IOException {
    Path folder = versions.resolve(String.valueOf(version));
    try (Stream<Path> files = Files.walk(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(model.relativize(file).toString()));
      }
    }
  }

  private void delete(int version) throws IOException {
    try (Stream<Path> files = Files.walk(versions.resolve(String.valueOf(version)))) {
      List<Path> inside = new ArrayList<>(files.sorted().toList());
      for (int i = inside.size() - 1; i >= 0; i--) {
        Files.delete(inside.get(i));
      }
    }
  }

  private void awaitLog(String line) throws InterruptedException {
    for (int look = 0; look < 600 && log.stream().noneMatch(one -> one.contains(line)); look++) {
      Thread.sleep(50);
    }
    assertThat(log).anyMatch(one -> one.contains(line));
  }

  private static String request() {
    String row = "[" + "[0.5],".repeat(27) + "[0]]";
    return "{\"instances\": [[" + (row + ",").repeat(27) + row + "]]}";
  }

  @Test
  void replacesAVersionWithoutDroppingARequest() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    List<CompletableFuture<Integer>> clients =
        Stream.generate(() -> CompletableFuture.supplyAsync(() -> sendUntil(stop)))
            .limit(4)
            .toList();
    String before = client.post("/v1/models/mnist:predict", request()).body();
    copy(dense, 2);
    awaitLog("version 2 replaces version 1");
    String after = client.post("/v1/models/mnist:predict", request()).body();
    copy(poor, 3);
    awaitLog("version 3 replaces version 2");

    assertThat(after).isNotEqualTo(before);
    assertThat(client.post("/v1/models/mnist:predict", request()).body()).isEqualTo(before);
    assertThat(client.post("/v1/models/mnist/versions/3:predict", request()).status())
        .isEqualTo(200);
    assertThat(client.post("/v1/models/mnist/versions/2:predict", request()).status())
        .isEqualTo(404);
    stop.set(true);
    for (CompletableFuture<Integer> requests : clients) {
      assertThat(requests.get()).isPositive();
    }
  }

  /** Sends one request after the other, each of which must succeed; returns their number. */
  private int sendUntil(AtomicBoolean stop) {
    int count = 0;
    try {
      while (!stop.get()) {
        assertThat(client.post("/v1/models/mnist:predict", request()).status()).isEqualTo(200);
        count++;
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return count;
  }

  @Test
  void aVersionOfSpecialFilesHoldsUpNoOther() throws Exception {
    Path pipe = Files.createDirectory(trained.resolve("pipe"));
    SpecialFile.fifo(pipe.resolve("saved_model.pb"));
    Files.move(pipe, versions.resolve("2"));
    awaitLog("version 2 cannot be loaded");
    copy(dense, 3);
    awaitLog("version 3 replaces version 1");

    Path large = Files.createDirectory(trained.resolve("large"));
    SpecialFile.sparse(large.resolve("saved_model.pb"), 3_000_000_000L);
    Files.move(large, versions.resolve("4"));
    awaitLog("has 3000000000 bytes, expected at most");
  }

  @Test
  void keepsServingIfANewVersionIsBroken() throws Exception {
    Path broken = Files.createDirectories(trained.resolve("broken"));
    Files.writeString(broken.resolve("saved_model.pb"), "no model");
    Files.move(broken, versions.resolve("2")); // at once, so that it fails only once
    awaitLog("still serving version 1");

    assertThat(log).hasSize(2);
    assertThat(log.get(0)).startsWith("mnist: version 2 cannot be loaded: ").hasLineCount(1);
    assertThat(client.post("/v1/models/mnist:predict", request()).status()).isEqualTo(200);
    JsonNode statuses = client.get("/v1/models/mnist").json().path("model_version_status");
    assertThat(statuses.findValuesAsText("version")).containsExactly("1", "2");
    assertThat(statuses.findValuesAsText("state")).containsExactly("AVAILABLE", "END");
    assertThat(statuses.at("/1/status/error_message").asText()).isNotEmpty();

    delete(2);
    copy(dense, 2); // now a complete one
    awaitLog("version 2 replaces version 1");
    assertThat(client.get("/v1/models/mnist").json().path("model_version_status")).hasSize(1);
  }

  @Test
  void fallsBackIfAVersionIsDeleted() throws Exception {
    copy(dense, 2);
    awaitLog("version 2 replaces version 1");
    delete(2);
    awaitLog("version 1 replaces version 2");
    delete(1); // no version is left; the one in memory stays
    Thread.sleep(10 * POLL_INTERVAL.toMillis());
    Response answer = client.post("/v1/models/mnist:predict", request());
    assertThat(answer.status()).isEqualTo(200);
  }

  @Test
  void reportsAModelThatCannotBeLoaded() throws Exception {
    Path broken = versions.resolve("broken");
    Files.createDirectories(broken.resolve("7"));
    assertThatThrownBy(() -> serve(broken))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("7 is not a SavedModel");
    assertThatThrownBy(() -> serve(versions.resolve("nothing")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a SavedModel");
  }
}
