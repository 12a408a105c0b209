package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mnist.FewDigits;
import mnist.app.Program.Run;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The real main classes, in processes of their own. */
class ProgramTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What oneDNN logs when it computes a softmax. It multiplies matrices in any case. */
  private static final String SOFTMAX = "onednn_verbose,primitive,exec,cpu,softmax,";

  @TempDir static Path shared;
  private static String digits;

  @TempDir Path folder;

  @BeforeAll
  static void drawDigits() throws IOException {
    digits = FewDigits.writeTo(shared.resolve("digits")).toString();
  }

  private JsonNode record(String run) throws IOException {
    return JSON.readTree(folder.resolve(run).resolve("run.json").toFile());
  }

  @Test
  void trainsAndSavesRecordAndModel() throws Exception {
    Run run =
        Program.end(
            folder,
            Program.start(
                folder,
                Map.of("ONEDNN_VERBOSE", "1"),
                List.of(),
                "Mnist21FiveLayersReluLrDecay",
                "--data",
                digits,
                "--iterations",
                "40"));

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .containsPattern("20: accuracy:0\\.\\d+ loss: \\d+\\.\\d+ \\(lr:0\\.0030\\d+\\)")
        .containsPattern("20: \\*{9} epoch 3 \\*{9} test accuracy:0\\.\\d+ test loss: \\d+")
        .contains("best test accuracy", "the tutorial's      98.36%", "accuracy");

    String name = folder.resolve("runs").toFile().list()[0];
    assertThat(name).matches("2\\.1-\\d{8}-\\d{6}");
    JsonNode record = record("runs/" + name);
    if (OS.LINUX.isCurrentOs() && Platform.isIntel()) {
      assertThat(run.out()).contains(SOFTMAX);
      assertThat(record.at("/platform/onednn").asBoolean()).isTrue();
    }
    assertThat(record.path("stage").asText()).isEqualTo("2.1");
    assertThat(record.path("status").asText()).isEqualTo("completed");
    assertThat(record.at("/options/iterations").asInt()).isEqualTo(40);
    assertThat(record.at("/options/seed").asInt()).isZero();
    assertThat(record.at("/data/name").asText()).isEqualTo("custom");
    assertThat(record.at("/data/sha256/train-images-idx3-ubyte").asText()).hasSize(64);
    assertThat(record.at("/versions/tensorflow").asText()).startsWith("2.");
    assertThat(record.at("/results/steps").asInt()).isEqualTo(41);
    assertThat(record.at("/results/weights_sha256").asText()).hasSize(64);
    assertThat(record.path("ended").asText()).isGreaterThan(record.path("started").asText());

    assertThat(record.at("/results/model/folder").asText()).isEqualTo("model");
    assertThat(record.at("/results/model/iteration"))
        .isEqualTo(record.at("/results/best_test/iteration"));
    assertThat(record.at("/results/model/test_accuracy"))
        .isEqualTo(record.at("/results/best_test/accuracy"));
    JsonNode card =
        JSON.readTree(folder.resolve("runs/" + name + "/model/assets.extra/mnist.json").toFile());
    assertThat(card.path("stage").asText()).isEqualTo("2.1");
    assertThat(card.path("data_set").asText()).isEqualTo("custom");
    assertThat(card.path("class_names")).hasSize(10);
    assertThat(card.path("weights_sha256")).isEqualTo(record.at("/results/model/weights_sha256"));
    assertThat(run.out()).contains("Model in runs/" + name + "/model");

    List<JsonNode> metrics = measurementsIn("runs/" + name + "/metrics.jsonl");
    assertThat(metrics).hasSize(6); // the batch and the test set at 0, 20 and 40
    JsonNode last = metrics.get(5);
    assertThat(last.path("iteration").asInt()).isEqualTo(40);
    assertThat(last.path("set").asText()).isEqualTo("TEST");
    assertThat(last.path("accuracy").asDouble())
        .isEqualTo(record.at("/results/last_test/accuracy").asDouble());
  }

  // ---- A limited file size, like a full disk

  /** Limits the size of all files to a number of blocks of 512 bytes. */
  private Run limitedTo(int blocks, String main, String... args) throws Exception {
    // Otherwise JNA would unpack its library of 134 kB, and the JVM share 32 kB of statistics.
    String library = Platform.RESOURCE_PREFIX + "/" + System.mapLibraryName("jnidispatch");
    try (InputStream in = Native.class.getResourceAsStream(library)) {
      Files.copy(in, folder.resolve(System.mapLibraryName("jnidispatch")));
    }
    String limited =
        "java=$1; shift; ulimit -f %d; exec \"$java\" -XX:-UsePerfData -Djna.boot.library.path=%s \"$@\"";
    return Program.end(
        folder,
        Program.start(
            folder, List.of("sh", "-c", limited.formatted(blocks, folder), "sh"), main, args));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void reportsAFullDiskAtTheModelAndKeepsTheRecord() throws Exception {
    Run run =
        limitedTo(
            1000,
            "Mnist21FiveLayersReluLrDecay",
            "--data=" + digits,
            "--iterations=1",
            "--checkpoint-seconds=0",
            "--run-dir=full");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .isEqualTo("error: the model cannot be written to full/model: File too large\n");
    assertThat(run.out()).contains("best test accuracy");
    assertThat(folder.resolve("full").toFile().list())
        .doesNotContain("model")
        .noneMatch(name -> name.startsWith("."));
    assertThat(record("full").path("status").asText()).isEqualTo("failed");
    assertThat(record("full").at("/results/weights_sha256").asText()).hasSize(64);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskAtAMeasurementEndsTheRun() throws Exception {
    Run run = limitedTo(8, "Mnist10Softmax", "--data=" + digits, "--quiet", "--run-dir=full");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).isEqualTo("error: full/metrics.jsonl: File too large\n");
    assertThat(run.out()).isEmpty();
    assertThat(record("full").path("status").asText()).isEqualTo("failed");
    assertThat(record("full").path("error").asText())
        .isEqualTo("full/metrics.jsonl: File too large");
    assertThat(measurementsIn("full/metrics.jsonl")).hasSizeBetween(35, 45); // of 90 to 110 bytes
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void everyProgramFailsIfStandardOutputIsFull() throws Exception {
    List<String> full = List.of("sh", "-c", "exec \"$@\" > /dev/full", "sh");
    for (String[] args :
        List.of(
            new String[] {"1.0", "--data=" + digits, "--iterations=0", "--run-dir=full"},
            new String[] {"--help"},
            new String[] {"--version"},
            new String[] {"serve", "--help"})) {
      Run run = Program.end(folder, Program.start(folder, full, "app.Main", args));
      assertThat(run.err()).isEqualTo("error: standard output is closed or full\n");
      assertThat(run.exitCode()).isEqualTo(1);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskAtTheGraphLeavesNothing() throws Exception {
    Run run =
        limitedTo(
            8, "Mnist10Softmax", "--data=" + digits, "--graph=graphs/graph.pb", "--run-dir=full");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .isEqualTo("error: the graph cannot be written to graphs/graph.pb: File too large\n");
    assertThat(folder.resolve("graphs")).isEmptyDirectory();
    assertThat(record("full").path("status").asText()).isEqualTo("failed");
  }

  /** Reads all lines, each of which must be complete. */
  private List<JsonNode> measurementsIn(String metrics) throws IOException {
    String content = Files.readString(folder.resolve(metrics));
    assertThat(content).endsWith("}\n");
    List<JsonNode> measurements = new ArrayList<>();
    for (String line : content.lines().toList()) {
      measurements.add(JSON.readTree(line));
      assertThat(measurements.get(measurements.size() - 1).path("iteration").isInt()).isTrue();
    }
    return measurements;
  }

  // ---- Names that the locale cannot express

  @Test
  @EnabledOnOs(OS.LINUX)
  void namesTheLocaleThatHasOnlyAscii() throws Exception {
    Map<String, String> ascii = Map.of("LC_ALL", "C");
    List<String> inFolder = List.of("sh", "-c", "mkdir prüfung && cd prüfung && exec \"$@\"", "sh");
    Run folderName =
        Program.end(
            folder, Program.start(folder, ascii, inFolder, "Mnist10Softmax", "--data=" + digits));
    assertThat(folderName.err())
        .endsWith("fung: not a name in the locale C; set LC_ALL=C.UTF-8\n")
        .hasLineCount(1);
    assertThat(folderName.exitCode()).isEqualTo(1);

    for (String option : List.of("--run-dir=prüfung", "--data=prüfung")) {
      Run optionName =
          Program.end(folder, Program.start(folder, ascii, List.of(), "Mnist10Softmax", option));
      assertThat(optionName.err())
          .startsWith("error: " + option.replaceFirst("=.*", "=pr"))
          .endsWith("fung: not a name in the locale C; set LC_ALL=C.UTF-8\n")
          .hasLineCount(1);
      assertThat(optionName.exitCode()).isEqualTo(1);
    }
  }

  // ---- Stopped runs

  /** Starts a run that never ends by itself, and waits until it has measured something. */
  private Process startEndless(List<String> starter) throws Exception {
    Process process =
        Program.start(
            folder,
            starter,
            "Mnist10Softmax",
            "--data=" + digits,
            "--iterations=10000000",
            "--run-dir=stopped");
    Path metrics = folder.resolve("stopped/metrics.jsonl");
    while (process.isAlive() && !(Files.exists(metrics) && Files.size(metrics) > 10_000)) {
      Thread.sleep(20);
    }
    return process;
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void ctrlCSavesTheResultsSoFar() throws Exception {
    // In a background job, SIGINT is ignored unless it is reset.
    Process process =
        startEndless(OS.LINUX.isCurrentOs() ? List.of("env", "--default-signal=INT") : List.of());
    new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();

    Run run = Program.end(folder, process);
    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("Stopped after", "best test accuracy");
    JsonNode record = record("stopped");
    assertThat(record.path("status").asText()).isEqualTo("interrupted");
    assertThat(folder.resolve("stopped/model/saved_model.pb")).exists();
    List<JsonNode> measurements = measurementsIn("stopped/metrics.jsonl");
    // The weights that the run ended with were measured.
    assertThat(measurements.get(measurements.size() - 1).path("iteration"))
        .isEqualTo(record.at("/results/steps"));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aKilledRunCanBeRead() throws Exception {
    Process process = startEndless(List.of());
    process.destroyForcibly();

    assertThat(Program.end(folder, process).exitCode()).isEqualTo(128 + 9);
    assertThat(record("stopped").path("status").asText()).isEqualTo("running");
    assertThat(record("stopped").at("/options/iterations").asInt()).isEqualTo(10_000_000);
    assertThat(measurementsIn("stopped/metrics.jsonl")).hasSizeGreaterThan(50);
    assertThat(folder.resolve("stopped").toFile().list())
        .doesNotContain("model")
        .noneMatch(name -> name.startsWith("."));
  }

  // ---- oneDNN

  /** oneDNN logs which of its kernels run. */
  private Run withOneDnn(String setting, String... options) throws Exception {
    Map<String, String> environment =
        Map.of("ONEDNN_VERBOSE", "1", "TF_ENABLE_ONEDNN_OPTS", setting);
    List<String> args =
        new ArrayList<>(
            List.of("--data=" + digits, "--iterations=0", "--no-export", "--run-dir=run"));
    args.addAll(List.of(options));
    return Program.end(
        folder,
        Program.start(
            folder, environment, List.of(), "Mnist10Softmax", args.toArray(String[]::new)));
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void doesNotUseOneDnnIfAnOptionForbidsIt() throws Exception {
    Run run = withOneDnn("1", "--no-onednn");
    assertThat(run.out()).contains("best test accuracy").doesNotContain(SOFTMAX);
    assertThat(record("run").at("/platform/onednn").asBoolean()).isFalse();
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void doesNotUseOneDnnIfTheEnvironmentForbidsIt() throws Exception {
    Run run = withOneDnn("0");
    assertThat(run.out()).contains("best test accuracy").doesNotContain(SOFTMAX);
    assertThat(record("run").at("/platform/onednn").asBoolean()).isFalse();
  }
}
