package mnist.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import mnist.FewDigits;
import mnist.Stages;
import mnist.platform.FileTree;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Runs in this process: options, files, and what is told when something cannot be done. */
class RunTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path shared;
  private static String digits;

  @TempDir Path folder;

  /** What a run left. */
  private record Ran(int exitCode, String out, String err) {
    /** It said why it could not be done, in one line. */
    void failed(String... parts) {
      assertThat(exitCode).isEqualTo(1);
      assertThat(err).startsWith("error: ").hasLineCount(1).contains(parts);
    }
  }

  @BeforeAll
  static void draw() throws IOException {
    digits = "--data=" + FewDigits.writeTo(shared.resolve("digits"));
  }

  private Ran run(String stage, String... args) {
    return heardBy(new TrainingListener() {}, stage, args);
  }

  private static Ran heardBy(TrainingListener listener, String stage, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Training.run(
            Stages.named(stage),
            listener,
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            args);
    return new Ran(exitCode, out.toString(UTF_8), err.toString(UTF_8));
  }

  private String in(String option, String name) {
    return option + "=" + folder.resolve(name);
  }

  private JsonNode record(String run) throws IOException {
    return JSON.readTree(folder.resolve(run).resolve("run.json").toFile());
  }

  // ---- Options

  @Test
  void nameThatNoPageListsIsRefused() {
    Ran ran = run("1.0", in("--run-dir", ".hid"));
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).startsWith("error: --run-dir needs a name of letters");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "unknown option --iteration; did you mean --iterations? | --iteration=5",
        "--iterations must be 0 to 1000000000, found -1 | --iterations=-1",
        "--batch-size must be 1 or more, found 0 | --batch-size=0",
        "--learning-rate must be a number above 0, found -0.1 | --learning-rate=-.1",
        "--iterations needs a whole number, found many | --iterations=many",
        "--dataset needs one of auto, mnist, fashion-mnist, synthetic, found cifar | --dataset=cifar",
        "--activation needs one of sigmoid, relu, found tanh | --activation=tanh",
        "--activation cannot be used: the activations of this stage are fixed | --activation=relu",
        "--keep-probability cannot be used: this stage has no dropout | --keep-probability=0.5",
        "--keep-probability must be above 0 and at most 1, found 0.0 | --keep-probability=0",
        "--export and --no-export cannot be combined | --export=model --no-export",
        "--overwrite needs --export | --overwrite",
        "--view-port needs --view | --view-port=0",
        "--view-port: expected a port, 0 to 65535, found 70000 | --view --view-port=70000",
        "--data and --dataset synthetic cannot be combined | --dataset=synthetic --data=x"
      })
  void wrongOptionsAreRefusedInOneLine(String message, String args) {
    Ran ran = run("1.0", (in("--run-dir", "run") + " " + args).split(" "));
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err())
        .startsWith("error: ")
        .contains(message)
        .hasLineCount(2)
        .endsWith("--help lists the options.\n");
    assertThat(ran.out()).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({
    "1.0, 2000, 0.005, , ",
    "2.1, 10000, 'one that decays', relu, ",
    "2.2, 10000, 'one that decays', relu, 0.75",
    "5.0, 21600, 'one that decays', , 0.6"
  })
  void helpListsTheOptionsAndDefaultsOfTheStage(
      String stage, String iterations, String learningRate, String activation, String keep) {
    Ran ran = run(stage, "--help");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out().lines()).allMatch(line -> line.length() <= 80);
    String help = ran.out().replaceAll("\\s+", " ");
    assertThat(help)
        .contains("Stage " + stage, "make run STAGE=" + stage, "Exit codes")
        .contains("--data=DIR", "--dataset=NAME", "--batch-size=N", "--seed=N", "--run-dir=DIR")
        .contains("--graph=FILE", "--export=DIR", "--no-export", "--overwrite", "--quiet")
        .contains("--no-onednn")
        .containsPattern("--iterations=N [^-]+Default: " + iterations)
        .containsPattern("--learning-rate=X [^-]+Default: " + learningRate)
        .doesNotContain("null", "${");
    if (activation == null) {
      assertThat(help).doesNotContain("--activation");
    } else {
      assertThat(help).containsPattern("--activation=NAME [^-]+Default: " + activation);
    }
    if (keep == null) {
      assertThat(help).doesNotContain("--keep-probability");
    } else {
      assertThat(help).containsPattern("--keep-probability=X [^-]+Default: " + keep);
    }
  }

  @Test
  void quietPrintsOnlyTheReport() {
    Ran ran = run("1.0", digits, "--iterations=20", "--quiet", in("--run-dir", "run"));
    assertThat(ran.out()).doesNotContain("accuracy:").contains("best test accuracy");
  }

  @Test
  void equalOptionsGiveEqualWeights() throws IOException {
    List<String> weights = new ArrayList<>();
    for (String seed : List.of("0", "0", "1")) {
      String name = "run" + weights.size();
      String[] args = {digits, "--iterations=20", "--seed=" + seed, in("--run-dir", name)};
      assertThat(run("3.1", args).exitCode()).isZero();
      weights.add(record(name).at("/results/weights_sha256").asText());
    }
    assertThat(weights.get(0)).hasSize(64).isEqualTo(weights.get(1)).isNotEqualTo(weights.get(2));
  }

  // ---- Data and the run's folder

  @Test
  void badDataIsToldInOneLine() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    run("1.0", "--data=" + empty, in("--run-dir", "run"))
        .failed("empty", "lacks", "train-images-idx3-ubyte");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void moreImagesPerBatchThanThereAreIsToldInOneLine() {
    run("1.0", digits, "--batch-size=1001", in("--run-dir", "run"))
        .failed("between 1 and 1000", "found 1001");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void anExistingRunFolderIsNotOverwritten() throws IOException {
    Path existing = Files.createDirectory(folder.resolve("mine"));
    run("1.0", digits, "--iterations=1", in("--run-dir", "mine"))
        .failed("mine", "already exists", "--run-dir");
    assertThat(existing).isEmptyDirectory();
  }

  @Test
  void aRunFolderThatCannotBeMadeIsToldInOneLine() throws IOException {
    Files.createFile(folder.resolve("file"));
    run("1.0", digits, in("--run-dir", "file/run")).failed("file: is a file, expected a folder");
  }

  // ---- The graph

  @Test
  void theGraphIsWrittenOnceDataAndFolderAreFine() throws IOException {
    String graph = in("--graph", "new/folder/graph.pb");
    run("2.1", in("--data", "typo"), graph, in("--run-dir", "run")).failed("typo");
    assertThat(folder).isEmptyDirectory();

    Files.createDirectory(folder.resolve("taken"));
    run("2.1", digits, graph, in("--run-dir", "taken")).failed("taken already exists");
    assertThat(folder.resolve("new")).doesNotExist();

    assertThat(run("2.1", digits, "--iterations=0", graph, in("--run-dir", "run")).exitCode())
        .isZero();
    byte[] written = Files.readAllBytes(folder.resolve("new/folder/graph.pb"));
    assertThat(GraphDef.parseFrom(written).getNodeList())
        .extracting(NodeDef::getName)
        .contains("X", "Y", "train_step");
    assertThat(folder.resolve("new/folder").toFile().list()).containsExactly("graph.pb");
  }

  @Test
  void theGraphIsTextIfItsNameSaysSo() throws IOException {
    String graph = in("--graph", "graph.pbtxt");
    assertThat(run("2.1", digits, "--iterations=0", graph, in("--run-dir", "run")).exitCode())
        .isZero();
    assertThat(Files.readString(folder.resolve("graph.pbtxt"))).contains("name: \"train_step\"");
  }

  @Test
  void theGraphIsWrittenOverNothing() throws IOException {
    Path graph = Files.writeString(folder.resolve("graph.pb"), "mine");
    Ran ran = run("2.1", digits, "--graph=" + graph, in("--run-dir", "run"));
    ran.failed("graph.pb already exists");
    assertThat(ran.out()).isEmpty();
    assertThat(graph).hasContent("mine");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void aGraphThatCannotBeWrittenIsToldAndRecorded() throws IOException {
    Files.createFile(folder.resolve("file"));
    Ran ran = run("2.1", digits, in("--graph", "file/graph.pb"), in("--run-dir", "run"), "--quiet");
    ran.failed("the graph cannot be written to", "file: is a file, expected a folder");
    assertThat(ran.out()).doesNotContain("Recording");
    assertThat(record("run").path("status").asText()).isEqualTo("failed");
    assertThat(record("run").path("error").asText()).contains("the graph cannot be written to");
  }

  // ---- The model

  @Test
  void exportsWhereItIsToldAndOverNothing() throws IOException {
    Path place = folder.resolve("models/mine");
    String[] args = {
      digits, "--iterations=1", "--export=" + place, in("--run-dir", "one"), "--quiet"
    };
    assertThat(run("1.0", args).exitCode()).isZero();
    assertThat(place.resolve("saved_model.pb")).exists();
    assertThat(folder.resolve("one/model")).doesNotExist();
    assertThat(record("one").at("/results/model/folder").asText()).isEqualTo(place.toString());

    args[3] = in("--run-dir", "two");
    Ran again = run("1.0", args);
    again.failed("models/mine already exists", "--overwrite");
    assertThat(again.out()).isEmpty();
    assertThat(folder.resolve("two")).doesNotExist();

    FileTime before = Files.getLastModifiedTime(place.resolve("saved_model.pb"));
    args[4] = "--overwrite";
    assertThat(run("1.0", args).exitCode()).isZero();
    assertThat(Files.getLastModifiedTime(place.resolve("saved_model.pb"))).isGreaterThan(before);
  }

  @Test
  void leavesNoModelIfNoneIsWanted() throws IOException {
    String[] args = {digits, "--iterations=1", "--no-export", in("--run-dir", "run")};
    assertThat(run("1.0", args).exitCode()).isZero();
    assertThat(folder.resolve("run/model")).doesNotExist();
    assertThat(record("run").at("/results/model").isMissingNode()).isTrue();
  }

  // ---- Runs that break off

  @Test
  void aRunawayTrainingIsToldInOneLineAndRecorded() throws IOException {
    run("1.0", digits, "--learning-rate=1e30", in("--run-dir", "runaway"))
        .failed("not a number", "at step");
    assertThat(record("runaway").path("status").asText()).isEqualTo("failed");
    assertThat(record("runaway").path("error").asText()).contains("not a number");
  }

  /** A file in the place of the folder: nothing can be recorded any more. */
  @Test
  void whyARunFailedIsToldEvenIfItCannotBeRecorded() {
    Path run = folder.resolve("run");
    TrainingListener vandal =
        new TrainingListener() {
          @Override
          public void onEvaluation(Evaluation evaluation) throws IOException {
            FileTree.delete(run);
            Files.createFile(run);
            throw new IOException("the first reason");
          }
        };
    Ran ran = heardBy(vandal, "1.0", digits, "--run-dir=" + run);
    ran.failed("error: the first reason");
    assertThat(run).isRegularFile();
  }

  /** Without a first reason, that is one. */
  @Test
  void aRecordThatCannotBeWrittenIsTold() {
    Path run = folder.resolve("run");
    TrainingListener vandal =
        new TrainingListener() {
          @Override
          public void onEvaluation(Evaluation evaluation) throws IOException {
            FileTree.delete(run);
            Files.createFile(run);
          }
        };
    heardBy(
            vandal,
            "1.0",
            digits,
            "--iterations=0",
            "--no-export",
            "--checkpoint-seconds=0",
            "--run-dir=" + run)
        .failed("run.json cannot be written");
  }
}
