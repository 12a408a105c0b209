package mnist.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import mnist.FewDigits;
import mnist.Stages;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs on a disk of 32 kB, which only root can mount. */
@EnabledOnOs(OS.LINUX)
class FullDiskTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private Path disk;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        does("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk.toString()),
        "a disk cannot be mounted here: that takes root");
  }

  @AfterEach
  void unmount() throws Exception {
    does("umount", disk.toString());
  }

  private static boolean does(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor() == 0;
  }

  /** Runs stage 1.0, with the disk full from the n-th measurement on. */
  private int fullFrom(int measurement, String... options) throws IOException {
    TrainingListener filling =
        new TrainingListener() {
          private int measurements;

          @Override
          public void onEvaluation(Evaluation evaluation) throws IOException {
            if (++measurements == measurement) {
              fill();
            }
          }
        };
    String[] args = List.of(options).toArray(new String[options.length + 2]);
    args[options.length] = "--data=" + FewDigits.writeTo(folder.resolve("digits"));
    args[options.length + 1] = "--run-dir=" + disk.resolve("run");
    return Training.run(
        Stages.named("1.0"),
        filling,
        new PrintStream(OutputStream.nullOutputStream()),
        new PrintStream(err, true, UTF_8),
        args);
  }

  private void fill() throws IOException {
    try (OutputStream file = Files.newOutputStream(disk.resolve("other"))) {
      while (true) {
        file.write(new byte[4096]);
      }
    } catch (IOException e) {
      assertThat(e).hasMessage("No space left on device");
    }
  }

  private JsonNode record() throws IOException {
    return JSON.readTree(disk.resolve("run/run.json").toFile());
  }

  @Test
  void aMeasurementThatCannotBeKeptEndsTheRun() throws IOException {
    assertThat(fullFrom(1)).isEqualTo(1);

    String reason = disk.resolve("run/metrics.jsonl") + ": No space left on device";
    assertThat(err.toString(UTF_8)).isEqualTo("error: " + reason + "\n");
    assertThat(record().path("status").asText()).isEqualTo("running"); // as there was room for
    List<String> metrics = Files.readAllLines(disk.resolve("run/metrics.jsonl"));
    assertThat(metrics).hasSizeGreaterThan(10);
    for (String line : metrics) {
      assertThat(JSON.readTree(line).path("iteration").isInt()).isTrue();
    }
    assertThat(disk.resolve("run").toFile().list())
        .doesNotContain("model")
        .noneMatch(name -> name.startsWith("."));
  }

  @Test
  void withoutRoomForTheModelTheRunIsNotCompleted() throws IOException {
    assertThat(fullFrom(2, "--iterations=0", "--checkpoint-seconds=0")).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .hasLineCount(1)
        .contains("the model cannot be written to", "No space left on device");
    // No byte of the file is changed in place: it stays whole, whenever the process is killed.
    assertThat(record().path("status").asText()).isEqualTo("running");
    assertThat(disk.resolve("run").toFile().list()).noneMatch(name -> name.startsWith("."));
  }

  @Test
  void ofAGraphWithoutRoomNothingStays() throws IOException {
    Path graph = disk.resolve("graph.pbtxt"); // 26 kB, beside 4 kB each of the record's two files
    Files.write(disk.resolve("other"), new byte[8192]);
    assertThat(fullFrom(0, "--graph=" + graph)).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "error: the graph cannot be written to " + graph + ": No space left on device\n");
    assertThat(disk.toFile().list()).containsExactlyInAnyOrder("run", "other");
    assertThat(record().path("status").asText()).isEqualTo("failed");
  }
}
