package mnist.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mnist.SpecialFile;
import mnist.data.sources.DataSource;
import mnist.nn.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RunFoldersTest {
  @TempDir Path root;
  private final List<String> log = new ArrayList<>();

  private Path write(String name, String json) throws IOException {
    Path folder = Files.createDirectory(root.resolve(name));
    Files.writeString(folder.resolve("run.json"), json);
    return folder;
  }

  @Test
  void listsNewestFirstAndUnreadableLast() throws Exception {
    RunFolders runs = new RunFolders(root, log::add);
    assertThat(runs.list()).isEmpty();
    assertThatThrownBy(runs::newest).hasMessageContaining("contains no run");

    write("3.0-a", "{\"started\": \"2026-01-01T10:00:00Z\"}");
    Path newest = write("1.0-b", "{\"started\": \"2026-01-01T10:00:00.5Z\", \"later\": 1}");
    write("2.0-c", "{\"started\": \"2025-12-31T23:59:59.999Z\"}");
    write("3.1-damaged", "{\"started");
    write("3.1-empty", "{}");
    write("3.1-cut", "");
    write(".hidden", "{\"started\": \"2026-02-01T10:00:00Z\"}");
    Files.createFile(root.resolve("file"));
    Files.createDirectory(root.resolve("no-run"));

    assertThat(runs.list()).extracting(RunFolder::name).containsExactly("1.0-b", "3.0-a", "2.0-c");
    assertThat(runs.summaries())
        .extracting(RunSummary::name)
        .containsExactly("1.0-b", "3.0-a", "2.0-c", "3.1-empty", "3.1-damaged", "3.1-cut");
    assertThat(log).hasSize(3).anyMatch(line -> line.endsWith("does not say when the run started"));
    assertThat(runs.newest().path()).isEqualTo(newest);
    assertThat(runs.get("1.0-b").path()).isEqualTo(newest);
    assertThatThrownBy(runs::newestModel).hasMessageContaining("contains no run with a model");
  }

  /** Folders from elsewhere, or what an accident left. */
  @Test
  void oneBadFolderHidesNoOther() throws Exception {
    Path good = write("good", "{\"started\": \"2026-01-01T10:00:00Z\", \"status\": \"completed\"}");
    write("null", "null");
    write("deep", "[".repeat(100_000));
    write(
        "number", "{\"started\": \"2026-01-01T10:00:00Z\", \"options\": {\"iterations\": 1e999}}");
    Path large = write("large", "");
    SpecialFile.sparse(large.resolve("run.json"), 3_000_000_000L);
    Path folderInstead = Files.createDirectory(root.resolve("folder"));
    Files.createDirectory(folderInstead.resolve("run.json"));
    SpecialFile.fifo(Files.createDirectory(root.resolve("fifo")).resolve("run.json"));
    Path links = Files.createDirectory(root.resolve("links"));
    Files.createSymbolicLink(links.resolve("run.json"), good.resolve("run.json"));
    Files.createSymbolicLink(root.resolve("linked"), good);
    List<String> bad =
        List.of("null", "deep", "number", "large", "folder", "fifo", "links", "linked");

    RunFolders runs = new RunFolders(root, log::add);
    for (int i = 0; i < 2; i++) { // logged once
      assertThat(runs.list()).extracting(RunFolder::name).containsExactly("good");
    }
    assertThat(runs.newest().path()).isEqualTo(good);
    assertThat(log).hasSameSizeAs(bad).allMatch(line -> line.startsWith("skipping a run: " + root));
    assertThat(log)
        .anyMatch(line -> line.endsWith("has 3,000,000,000 bytes, expected at most 1,048,576"))
        .anyMatch(line -> line.endsWith("fifo/run.json is not a regular file"))
        .anyMatch(line -> line.endsWith("links/run.json is a symbolic link, which is not followed"))
        .anyMatch(line -> line.endsWith("linked is a symbolic link, which is not followed"));
    List<RunSummary> summaries = runs.summaries();
    assertThat(summaries.get(0).name()).isEqualTo("good");
    assertThat(summaries.subList(1, summaries.size()))
        .hasSameSizeAs(bad)
        .allMatch(run -> bad.contains(run.name()) && run.status().equals("unreadable"))
        .allMatch(run -> !run.error().isEmpty());
  }

  /** A run's other files may be anything too. */
  @Test
  void otherBadFilesLeaveTheRunInTheList() throws Exception {
    String json = "{\"started\": \"2026-01-01T10:00:00Z\", \"status\": \"running\"}";
    Path fifo = write("fifo", json);
    Path sparse = write("sparse", json);
    Path partly = write("partly", json);
    for (String file : List.of("metrics.jsonl", "view.record")) {
      SpecialFile.fifo(fifo.resolve(file));
      SpecialFile.sparse(sparse.resolve(file), 3_000_000_000L);
    }
    SpecialFile.fifo(fifo.resolve("model"));
    Files.createSymbolicLink(sparse.resolve("model"), fifo);
    String line = "{\"iteration\": 0, \"set\": \"TEST\", \"accuracy\": 0.5}\n";
    Files.writeString(partly.resolve("metrics.jsonl"), line + line.substring(0, 20));

    RunFolders runs = new RunFolders(root, log::add);
    assertThat(runs.summaries())
        .extracting(RunSummary::name, RunSummary::status, RunSummary::bestAccuracy)
        .containsExactly(
            tuple("sparse", "running", null),
            tuple("partly", "running", 0.5),
            tuple("fifo", "running", null));
    assertThat(log).isEmpty();
    assertThat(runs.list()).noneMatch(RunFolder::hasModel);
    assertThatThrownBy(() -> ViewRecord.read(fifo)).hasMessageEndingWith("is not a regular file");
    assertThatThrownBy(() -> ViewRecord.read(sparse)).hasMessageContaining("expected at most");
  }

  @Test
  void namesAreThoseThatPagesAndLinksCanHave() {
    for (String name : List.of("1.0-b", "a b", "a+b", "é", "e\u0301", "lr=0.003,n=2", "_1", "试验")) {
      assertThat(RunFolders.isValidName(name)).as(name).isTrue();
      assertThat(RunFolders.hasValidName(root.resolve(name))).as(name).isTrue();
    }
    for (String name : List.of(".hid", "-x", " x", "a:b", "a?b", "a#b", "a%b", "a<b", "a\nb", "")) {
      assertThat(RunFolders.isValidName(name)).as(name).isFalse();
    }
    assertThat(RunFolders.hasValidName(root.getRoot())).isFalse();
    assertThat(RunFolders.hasValidName(root.resolve("x").resolve("."))).isTrue();
  }

  /** As version 1.0 wrote it. */
  @Test
  void optionsOfOlderRunsAreRead() throws Exception {
    String json =
        """
        {"stage": "2.2", "platform": {"onednn": false}, "options": {
          "dataset": "fashion-mnist", "iterations": 40, "batch_size": 50, "seed": 3,
          "learning_rate": "decaying", "activation": "relu", "keep_probability": 0.6}}
        """;
    RunConfig config = new RunFolder(write("old", json)).info().options();
    assertThat(config.dataset).isEqualTo(DataSource.FASHION_MNIST);
    assertThat(config.iterations).isEqualTo(40);
    assertThat(config.batchSize).isEqualTo(50);
    assertThat(config.hyperparameters.seed).isEqualTo(3);
    assertThat(config.hyperparameters.learningRate).isNull();
    assertThat(config.hyperparameters.activation).isEqualTo(Activation.RELU);
    assertThat(config.hyperparameters.keepProbability).isEqualTo(0.6f);
    assertThat(config.noOnednn).isTrue();
  }

  @Test
  void aMissingFolderHasNoRuns() throws Exception {
    assertThat(new RunFolders(root.resolve("missing"), log::add).summaries()).isEmpty();
    Path file = Files.createFile(root.resolve("file"));
    assertThatThrownBy(() -> new RunFolders(file, log::add).summaries())
        .isInstanceOf(RunException.class)
        .hasMessage(file + " is not a folder, expected one with runs");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../x", ".hidden", "a/b", "a\\b", "a:b", "missing"})
  void otherNamesAreNotRuns(String name) {
    assertThatThrownBy(() -> new RunFolders(root, log::add).get(name))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("there is no run " + name);
  }
}
