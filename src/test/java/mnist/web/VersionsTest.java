package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import mnist.bench.Load;
import mnist.web.Asking.Answer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Versions that come and go while requests are answered. */
@Timeout(90)
class VersionsTest {
  @TempDir static Path trained;
  private static Path dense;
  private static Path poor;

  @TempDir Path versions;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private ModelServer server;
  private Asking asking;

  @BeforeAll
  static void train() throws Exception {
    dense = TrainedRuns.dense(trained.resolve("dense"));
    poor = TrainedRuns.poor(trained.resolve("poor"));
  }

  @BeforeEach
  void begin() throws Exception {
    copy(poor, 1);
    server = serve(versions);
    asking = new Asking(server.address());
  }

  @AfterEach
  void end() {
    if (server != null) {
      server.close();
    }
  }

  private ModelServer serve(Path model) throws IOException {
    return new ModelServer(
        new ModelServer.Place("mnist", "127.0.0.1", 0, "--port"),
        model,
        versions.resolve("none"),
        log::add);
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

  private static String question() {
    String row = "[" + "[0.5],".repeat(27) + "[0]]";
    return "{\"instances\": [[" + (row + ",").repeat(27) + row + "]]}";
  }

  @Test
  void aNewVersionIsTakenUpWithoutADroppedRequest() throws Exception {
    URI address = URI.create(server.address());
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/v1/models/mnist:predict"))
            .POST(BodyPublishers.ofString(question()))
            .build();
    CompletableFuture<Load> load =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Load.run(request, 4, 12, 200);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    String before = asking.post("/v1/models/mnist:predict", question()).body();
    copy(dense, 2);
    awaitLog("version 2 is served in place of 1");
    String after = asking.post("/v1/models/mnist:predict", question()).body();
    copy(poor, 3);
    awaitLog("version 3 is served in place of 2");

    assertThat(after).isNotEqualTo(before);
    assertThat(asking.post("/v1/models/mnist:predict", question()).body()).isEqualTo(before);
    assertThat(asking.post("/v1/models/mnist/versions/3:predict", question()).status())
        .isEqualTo(200);
    assertThat(asking.post("/v1/models/mnist/versions/2:predict", question()).status())
        .isEqualTo(404);
    assertThat(load.get().failures()).isZero();
    assertThat(load.get().requests()).isPositive();
  }

  @Test
  void aBrokenVersionChangesNothing() throws Exception {
    Files.createDirectories(versions.resolve("2"));
    Files.writeString(versions.resolve("2").resolve("saved_model.pb"), "no model");
    awaitLog("version 1 goes on serving");

    assertThat(log).hasSize(2);
    assertThat(log.get(0)).startsWith("mnist, version 2 cannot be loaded: ").hasLineCount(1);
    assertThat(asking.post("/v1/models/mnist:predict", question()).status()).isEqualTo(200);
    JsonNode statuses = asking.get("/v1/models/mnist").json().path("model_version_status");
    assertThat(statuses.findValuesAsText("version")).containsExactly("1", "2");
    assertThat(statuses.findValuesAsText("state")).containsExactly("AVAILABLE", "END");
    assertThat(statuses.at("/1/status/error_message").asText()).isNotEmpty();

    delete(2);
    copy(dense, 2); // and now a whole one
    awaitLog("version 2 is served in place of 1");
    assertThat(asking.get("/v1/models/mnist").json().path("model_version_status")).hasSize(1);
  }

  @Test
  void aVersionThatIsTakenAwayMakesRoomForTheOneBefore() throws Exception {
    copy(dense, 2);
    awaitLog("version 2 is served in place of 1");
    delete(2);
    awaitLog("version 1 is served in place of 2");
    delete(1); // nothing is left, and what is in memory stays
    Thread.sleep(2500);
    Answer answer = asking.post("/v1/models/mnist:predict", question());
    assertThat(answer.status()).isEqualTo(200);
  }

  @Test
  void aModelThatCannotBeLoadedIsTold() throws Exception {
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
