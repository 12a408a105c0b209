package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import mnist.Program.Run;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** The program from outside: the real main classes in processes of their own. */
class ProgramTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static String digits;

  @TempDir Path folder;

  @BeforeAll
  static void drawDigits() throws IOException {
    digits = TestData.drawnDigits().source();
  }

  private Process start(String main, String... args) throws IOException {
    return Program.start(folder, List.of(), main, args);
  }

  private Run run(String main, String... args) throws Exception {
    return Program.end(folder, start(main, args));
  }

  private JsonNode record(String run) throws IOException {
    return JSON.readTree(folder.resolve(run).resolve("run.json").toFile());
  }

  @Test
  void trainsAndLeavesItsRecord() throws Exception {
    Run run = run("Mnist21FiveLayersReluLrDecay", "--data", digits, "--iterations", "40");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .containsPattern("20: accuracy:0\\.\\d+ loss: \\d+\\.\\d+ \\(lr:0\\.0030\\d+\\)")
        .containsPattern("20: \\*{9} epoch 1 \\*{9} test accuracy:0\\.\\d+ test loss: \\d+")
        .contains("best test accuracy", "the tutorial's      98.24%", "accuracy");

    String name = folder.resolve("runs").toFile().list()[0];
    assertThat(name).matches("2\\.1-\\d{8}-\\d{6}");
    JsonNode record = record("runs/" + name);
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

    List<String> metrics = Files.readAllLines(folder.resolve("runs/" + name + "/metrics.jsonl"));
    assertThat(metrics).hasSize(6); // the batch and the test set at 0, 20 and 40
    JsonNode last = JSON.readTree(metrics.get(5));
    assertThat(last.path("iteration").asInt()).isEqualTo(40);
    assertThat(last.path("set").asText()).isEqualTo("TEST");
    assertThat(last.path("accuracy").asDouble())
        .isEqualTo(record.at("/results/last_test/accuracy").asDouble());
  }

  @Test
  void equalOptionsGiveEqualWeights() throws Exception {
    for (String name : List.of("a", "b")) {
      Run run =
          run(
              "Mnist31ConvolutionalBiggerDropout",
              "--data=" + digits,
              "--iterations=20",
              "--quiet",
              "--run-dir=" + name);
      assertThat(run.exitCode()).isZero();
    }
    assertThat(record("a").at("/results/weights_sha256"))
        .isEqualTo(record("b").at("/results/weights_sha256"));
  }

  @Test
  void quietPrintsOnlyTheReport() throws Exception {
    Run run = run("Mnist10Softmax", "--data", digits, "--iterations", "20", "--quiet");
    assertThat(run.out()).doesNotContain("accuracy:").contains("best test accuracy");
  }

  @Test
  void anExistingRunFolderIsNotOverwritten() throws Exception {
    Path existing = Files.createDirectory(folder.resolve("mine"));
    Run run = run("Mnist10Softmax", "--data", digits, "--iterations", "1", "--run-dir", "mine");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("mine", "exists already", "--run-dir");
    assertThat(existing).isEmptyDirectory();
  }

  @Test
  void wrongOptionsAreRefusedInOneLine() throws Exception {
    assertWrongOption("Unknown option: '--iteration=5'", "--iteration=5");
    assertWrongOption("iterations must be 0 to 1000000000, found -1", "--iterations=-1");
    assertWrongOption("batch size must be 1 or more, found 0", "--batch-size=0");
    assertWrongOption("learning rate must be a number above 0, found -0.1", "--learning-rate=-.1");
    assertWrongOption("'--iterations': 'many' is not an int", "--iterations=many");
    assertWrongOption("expected one of auto, mnist, fashion-mnist, synthetic", "--dataset=cifar");
    assertWrongOption("--activation has no use in stage 1.0", "--activation=relu");
    assertWrongOption("--keep-probability has no use in stage 1.0", "--keep-probability=0.5");
    assertWrongOption(
        "keep probability must be above 0 and at most 1, found 0.0", "--keep-probability=0");
    assertWrongOption("--export and --no-export contradict", "--export=model", "--no-export");
    assertWrongOption("--overwrite has no use without --export", "--overwrite");
    assertThat(folder.resolve("runs")).doesNotExist();
  }

  private void assertWrongOption(String message, String... args) throws Exception {
    Run run = run("Mnist10Softmax", args);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains(message).hasLineCount(2).contains("--help");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void helpNamesEveryOption() throws Exception {
    Run run = run("Mnist30Convolutional", "--help");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("Stage 3.0", "--data=DIR", "--dataset=NAME", "--iterations=N", "--batch-size=N")
        .contains("--seed=N", "--learning-rate=X", "--activation=NAME", "--keep-probability=X")
        .contains(
            "--run-dir=DIR",
            "--export=DIR",
            "--no-export",
            "--overwrite",
            "--quiet",
            "--no-onednn",
            "Exit codes")
        .doesNotContain("null", "${");
  }

  @Test
  void badDataIsToldInOneLine() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Run run = run("Mnist10Softmax", "--data", empty.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("empty", "lacks", "train-images-idx3-ubyte");
    assertThat(folder.resolve("runs")).doesNotExist();
  }

  @Test
  void aRunFolderThatCannotBeMadeIsToldInOneLine() throws Exception {
    Files.createFile(folder.resolve("file"));
    Run run = run("Mnist10Softmax", "--data", digits, "--run-dir", "file/run");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("file: is a file, expected a folder");
  }

  @Test
  void writesTheGraphButOverNothing() throws Exception {
    String[] args = {"--data", digits, "--iterations=0", "--graph=graph.pb"};
    assertThat(run("Mnist21FiveLayersReluLrDecay", args).exitCode()).isZero();
    GraphDef graph = GraphDef.parseFrom(Files.readAllBytes(folder.resolve("graph.pb")));
    assertThat(graph.getNodeList()).extracting(NodeDef::getName).contains("X", "Y", "train_step");

    Run again = run("Mnist21FiveLayersReluLrDecay", args);
    assertThat(again.exitCode()).isEqualTo(1);
    assertThat(again.err()).hasLineCount(1).contains("graph.pb exists already");

    args[3] = "--graph=graph.pbtxt";
    assertThat(run("Mnist21FiveLayersReluLrDecay", args).exitCode()).isZero();
    assertThat(Files.readString(folder.resolve("graph.pbtxt"))).contains("name: \"train_step\"");
  }

  @Test
  void exportsWhereItIsToldAndOverNothing() throws Exception {
    String[] args = {
      "--data=" + digits, "--iterations=1", "--quiet", "--run-dir=one", "--export=models/mine"
    };
    assertThat(run("Mnist10Softmax", args).exitCode()).isZero();
    Path model = folder.resolve("models/mine/saved_model.pb");
    assertThat(model).exists();
    assertThat(folder.resolve("one/model")).doesNotExist();
    assertThat(record("one").at("/results/model/folder").asText())
        .isEqualTo(folder.toRealPath().resolve("models/mine").toString());

    args[3] = "--run-dir=two";
    Run again = run("Mnist10Softmax", args);
    assertThat(again.exitCode()).isEqualTo(1);
    assertThat(again.err()).hasLineCount(1).contains("models/mine exists already", "--overwrite");
    assertThat(again.out()).isEmpty();
    assertThat(folder.resolve("two")).doesNotExist();

    FileTime before = Files.getLastModifiedTime(model);
    assertThat(run("Mnist10Softmax", append(args, "--overwrite")).exitCode()).isZero();
    assertThat(Files.getLastModifiedTime(model)).isGreaterThan(before);

    String[] without = {"--data=" + digits, "--iterations=1", "--run-dir=three", "--no-export"};
    assertThat(run("Mnist10Softmax", without).exitCode()).isZero();
    assertThat(folder.resolve("three").toFile().list())
        .containsExactlyInAnyOrder("run.json", "metrics.jsonl");
    assertThat(record("three").at("/results/model").isMissingNode()).isTrue();
  }

  private static String[] append(String[] args, String last) {
    String[] more = Arrays.copyOf(args, args.length + 1);
    more[args.length] = last;
    return more;
  }

  /** No file may become larger than 512 kB, as if the disk were full then. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskLeavesNoModelButTheRecord() throws Exception {
    Process process =
        Program.start(
            folder,
            List.of("sh", "-c", "ulimit -f 1000; exec \"$@\"", "sh"),
            "Mnist21FiveLayersReluLrDecay",
            "--data=" + digits,
            "--iterations=1",
            "--run-dir=full");
    Run run = Program.end(folder, process);
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .hasLineCount(1)
        .contains("the model cannot be written to full/model: File too large");
    assertThat(run.out()).contains("best test accuracy");
    assertThat(folder.resolve("full").toFile().list())
        .containsExactlyInAnyOrder("run.json", "metrics.jsonl");
    assertThat(record("full").path("status").asText()).isEqualTo("completed");
    assertThat(record("full").at("/results/weights_sha256").asText()).hasSize(64);
  }

  @Test
  void moreImagesPerBatchThanThereAreIsToldInOneLine() throws Exception {
    Run run = run("Mnist10Softmax", "--data", digits, "--batch-size", "60001");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("between 1 and 60000", "found 60001");
  }

  @Test
  void aRunawayTrainingIsToldInOneLineAndRecorded() throws Exception {
    Run run =
        run("Mnist10Softmax", "--data", digits, "--learning-rate", "1e30", "--run-dir", "runaway");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("not a number", "at step");
    assertThat(record("runaway").path("status").asText()).isEqualTo("failed");
    assertThat(record("runaway").path("error").asText()).contains("not a number");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void controlCKeepsTheResultsSoFar() throws Exception {
    Process process =
        start(
            "Mnist10Softmax", "--data", digits, "--iterations", "10000000", "--run-dir", "stopped");
    Path metrics = folder.resolve("stopped").resolve("metrics.jsonl");
    while (process.isAlive() && !(Files.exists(metrics) && Files.size(metrics) > 1000)) {
      Thread.sleep(20);
    }
    assertThat(record("stopped").path("status").asText()).isEqualTo("running");
    new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();

    Run run = Program.end(folder, process);
    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("Stopped after", "best test accuracy");
    assertThat(record("stopped").path("status").asText()).isEqualTo("interrupted");
    assertThat(record("stopped").at("/results/steps").asInt()).isPositive();
    assertThat(folder.resolve("stopped/model/saved_model.pb")).exists();
    for (String line : Files.readAllLines(metrics)) {
      assertThat(JSON.readTree(line).path("iteration").isInt()).isTrue();
    }
  }

  @Test
  void oneDnnIsOnUnlessItIsRefused() throws Exception {
    run("Mnist30Convolutional", "--data", digits, "--iterations", "3", "--run-dir", "with");
    run(
        "Mnist30Convolutional",
        "--data",
        digits,
        "--iterations",
        "3",
        "--run-dir",
        "without",
        "--no-onednn");
    assertThat(record("with").at("/platform/onednn").asBoolean()).isTrue();
    assertThat(record("without").at("/platform/onednn").asBoolean()).isFalse();
  }
}
