package mnist.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mnist.data.sources.DataSource;
import mnist.nn.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunFoldersTest {
  @TempDir Path root;

  private Path write(String name, String json) throws IOException {
    Path folder = Files.createDirectory(root.resolve(name));
    Files.writeString(folder.resolve("run.json"), json);
    return folder;
  }

  @Test
  void listsNewestFirstAndUnreadableLast() throws Exception {
    RunFolders runs = new RunFolders(root);
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

    assertThat(runs.list())
        .extracting(RunFolder::name)
        .containsExactly("1.0-b", "3.0-a", "2.0-c", "3.1-empty", "3.1-damaged", "3.1-cut");
    assertThat(runs.summaries()).extracting(RunSummary::name).contains("3.1-damaged", "1.0-b");
    assertThat(runs.newest().path()).isEqualTo(newest);
    assertThat(runs.get("1.0-b").path()).isEqualTo(newest);
    assertThatThrownBy(runs::newestModel).hasMessageContaining("contains no run with a model");
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
    assertThat(new RunFolders(root.resolve("missing")).summaries()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../x", ".hidden", "a/b", "a\\b", "a:b", "missing"})
  void otherNamesAreNotRuns(String name) {
    assertThatThrownBy(() -> new RunFolders(root).get(name))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("there is no run " + name);
  }
}
