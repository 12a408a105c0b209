package mnist.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.Stages;
import mnist.data.Split;
import mnist.platform.FileTree;
import mnist.platform.ProjectFolder;
import mnist.platform.Sha256;
import mnist.runs.RunFolder;
import mnist.runs.RunLock;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecordFormat;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;
import mnist.view.Events;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.Event;

/** Runs that were broken off, or are extended, come to what they would have come to. */
class ResumeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DROPOUT = "Mnist22FiveLayersReluLrDecayDropout";

  /** Long enough to be stopped after the first checkpoint, which is due after a second. */
  private static final String ITERATIONS = "--iterations=2000";

  @TempDir static Path shared;
  private static Path digits;

  @TempDir Path folder;

  private record Ran(int exitCode, String out, String err) {}

  @BeforeAll
  static void draw() throws IOException {
    digits = FewDigits.writeTo(shared.resolve("digits"));
  }

  private static Ran run(String stage, String... args) {
    return run(stage, new TrainingListener() {}, args);
  }

  private static Ran run(String stage, TrainingListener listener, String... args) {
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

  private Path train(String name, String stage, int iterations, String... more) {
    Path run = folder.resolve(name); // or an absolute path
    Stream<String> all =
        Stream.concat(
            Stream.of(
                "--data=" + digits,
                "--iterations=" + iterations,
                "--record-view",
                "--run-dir=" + run),
            Stream.of(more));
    assertThat(run(stage, all.toArray(String[]::new)).exitCode()).isZero();
    return run;
  }

  private static JsonNode record(Path run) throws IOException {
    return JSON.readTree(run.resolve("run.json").toFile());
  }

  private static void assertEqual(Path run, Path expected) throws IOException {
    assertThat(run.resolve("metrics.jsonl"))
        .hasSameTextualContentAs(expected.resolve("metrics.jsonl"));
    for (String figure :
        List.of("steps", "best_test", "last_test", "confusion", "weights_sha256")) {
      assertThat(record(run).at("/results/" + figure))
          .isEqualTo(record(expected).at("/results/" + figure));
    }
    String weights = "model/variables/variables.data-00000-of-00001";
    assertThat(run.resolve(weights)).hasSameBinaryContentAs(expected.resolve(weights));
    assertThat(viewWithoutTimes(run)).isEqualTo(viewWithoutTimes(expected));
  }

  /**
   * The bytes of a view record, with 0 for the seconds since the start in each block's body and for
   * the checksums, which depend on them.
   */
  private static byte[] viewWithoutTimes(Path run) throws IOException {
    byte[] content = Files.readAllBytes(new RunFolder(run).viewRecord());
    ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    int start = ViewRecordFormat.MAGIC.length();
    while (start < content.length) {
      int body = start + ViewRecordFormat.BLOCK_HEAD;
      bytes.putInt(start + Integer.BYTES, 0);
      if (content[body] != ViewRecordFormat.HEADER) {
        // the last of the fields
        bytes.putFloat(body + ViewRecordFormat.FIELDS_END - Float.BYTES, 0);
      }
      start = body + bytes.getInt(start);
    }
    assertThat(start).isEqualTo(content.length).isGreaterThan(1000);
    return content;
  }

  /** The events of a run's file, in order, without the time at which each was written. */
  private static List<Event> eventsWithoutTimes(Path run, Split split) throws IOException {
    return Events.in(onlyFile(new RunFolder(run).eventFolder(split))).stream()
        .map(event -> event.toBuilder().clearWallTime().build())
        .toList();
  }

  // ---- Extended

  @ParameterizedTest
  @CsvSource({"1.0, 15, 52", "2.2, 25, 61", "3.1, 5, 21", "4.0, 12, 41"})
  void anExtendedRunIsTheLongerRun(String stage, int iterations, int more) throws IOException {
    Path expected = train("long", stage, more, "--tensorboard");
    Path run = train("short", stage, iterations, "--tensorboard");
    Ran resumed = run(stage, "--resume=" + run, "--iterations=" + more);
    assertThat(resumed.err()).isEmpty();
    assertThat(resumed.exitCode()).isZero();
    assertThat(resumed.out()).contains("Resuming at iteration " + (iterations + 1));
    assertEqual(run, expected);
    assertThat(record(run).path("status").asText()).isEqualTo("completed");
    assertThat(record(run).at("/options/iterations").asInt()).isEqualTo(more);
    assertThat(record(run).at("/resumed/0/iteration").asInt()).isEqualTo(iterations + 1);
    for (Split split : Split.values()) {
      assertThat(eventsWithoutTimes(run, split))
          .hasSizeGreaterThan(1)
          .isEqualTo(eventsWithoutTimes(expected, split));
    }
  }

  private static Path onlyFile(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  // ---- Refused

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--seed=3;--seed is 3, but the run to resume has 0",
        "--batch-size=50;--batch-size is 50, but the run to resume has 100",
        "--dataset=fashion-mnist;--dataset is fashion-mnist, but the run to resume has auto",
        "--learning-rate=0.1;--learning-rate is 0.1, but the run to resume has 0.005",
        "--iterations=3;--iterations 3 is less than the run's 5",
        "--run-dir=other;--run-dir and --resume cannot be combined"
      })
  void anOptionThatContradictsIsRefusedWithBothValues(String optionAndReason) throws IOException {
    Path run = shared.resolve("five");
    if (!Files.exists(run)) {
      train(run.toString(), "1.0", 5);
    }
    byte[] before = Files.readAllBytes(run.resolve("run.json"));
    String[] parts = optionAndReason.split(";");
    Ran refused = run("1.0", "--resume=" + run, parts[0]);
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains(parts[1]).hasLineCount(2);
    assertThat(run.resolve("run.json")).hasBinaryContent(before);
  }

  private void assertRefused(Path run, String stage, String reason, String... more)
      throws IOException {
    byte[] before = Files.readAllBytes(run.resolve("run.json"));
    Stream<String> all = Stream.concat(Stream.of("--resume=" + run), Stream.of(more));
    Ran refused = run(stage, all.toArray(String[]::new));
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).startsWith("error: ").contains(reason).hasLineCount(1);
    assertThat(run.resolve("run.json")).hasBinaryContent(before);
  }

  @Test
  void whatIsNoLongerTheSameRunIsRefused() throws IOException {
    Path run = train("run", "1.0", 5);
    assertRefused(run, "2.0", "is a run of stage 1.0, not of stage 2.0");
    assertRefused(run, "1.0", "has completed its 5 iterations; a greater --iterations extends it");

    Path others = FewDigits.writeTo(folder.resolve("others"));
    Path labels = others.resolve("t10k-labels-idx1-ubyte");
    byte[] content = Files.readAllBytes(labels);
    content[20] = (byte) ((content[20] + 1) % 10);
    Files.write(labels, content);
    assertRefused(
        run,
        "1.0",
        "are not those that the run started with",
        "--data=" + others,
        "--iterations=9");

    Path checkpoint = run.resolve("checkpoint-6");
    ObjectNode state = (ObjectNode) JSON.readTree(checkpoint.resolve("state.json").toFile());
    String before = Sha256.of(Files.readAllBytes(checkpoint.resolve("state.json")));
    Files.writeString(checkpoint.resolve("state.json"), state.put("tensorflow", "1.15").toString());
    String after = Sha256.of(Files.readAllBytes(checkpoint.resolve("state.json")));
    Path sums = checkpoint.resolve("SHA256SUMS");
    Files.writeString(sums, Files.readString(sums).replace(before, after));
    assertRefused(
        run,
        "1.0",
        "was written with TensorFlow 1.15, this run has TensorFlow 2.",
        "--iterations=9");

    assertThat(run("1.0", "--resume=" + folder.resolve("nowhere")).err())
        .contains("is not a folder")
        .hasLineCount(1);
  }

  @Test
  void withoutACheckpointThereIsNothingToGoOnFrom() throws IOException {
    Path run = train("run", "1.0", 5, "--checkpoint-seconds=0");
    assertRefused(run, "1.0", "has no checkpoint to resume from", "--iterations=9");
  }

  @Test
  void aRunInUseIsRefused() throws IOException {
    Path run = train("run", "1.0", 5);
    try (RunLock lock = RunLock.acquire(run)) {
      assertThat(lock).isNotNull();
      assertRefused(run, "1.0", "is in use: another process is training there", "--iterations=9");
    }
  }

  @Test
  void aCheckpointOfAnotherRunIsRefused() throws IOException {
    Path run = train("run", "1.0", 5);
    Path other = train("other", "1.0", 5, "--seed=7");
    Path checkpoint = run.resolve("checkpoint-6");
    FileTree.delete(checkpoint);
    Files.move(other.resolve("checkpoint-6"), checkpoint);
    assertRefused(run, "1.0", "checkpoint-6 is not of this run", "--iterations=9");

    ObjectNode changed = (ObjectNode) record(other);
    ((ObjectNode) changed.path("options")).put("learning_rate", 0.01);
    Files.writeString(other.resolve("run.json"), changed.toString());
    Files.move(checkpoint, other.resolve("checkpoint-6"));
    assertRefused(other, "1.0", "checkpoint-6 is not of this run", "--iterations=9");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "{\"stage\": \"1.0\"}"})
  void aRecordWithoutARunIsRefused(String content) throws IOException {
    Path run = Files.createDirectory(folder.resolve("run"));
    Files.writeString(run.resolve("run.json"), content);
    assertRefused(run, "1.0", "run.json is damaged");
  }

  // ---- Other kernels

  @Test
  void otherKernelsAreRefusedUnlessAllowed() throws Exception {
    Path run = folder.resolve("run");
    Process first =
        Program.start(
            folder,
            Map.of(
                "TF_NUM_INTRAOP_THREADS", "7",
                "ONEDNN_MAX_CPU_ISA", "AVX2",
                "ONEDNN_VERBOSE", "0",
                "TF_VAR_password", "secret"),
            List.of(),
            "Mnist10Softmax",
            "--data=" + digits,
            "--iterations=5",
            "--run-dir=" + run);
    assertThat(Program.end(folder, first).exitCode()).isZero();
    JsonNode started = record(run).path("platform");
    assertThat(started.path("intra_op_threads").asInt()).isEqualTo(7);
    assertThat(started.at("/environment/ONEDNN_MAX_CPU_ISA").asText()).isEqualTo("AVX2");
    assertThat(started.toString()).doesNotContain("secret", "VERBOSE");

    String isa = "ONEDNN_MAX_CPU_ISA was AVX2, is not set";
    assertRefused(run, "1.0", "intra_op_threads was 7, is ", "--iterations=9");
    assertRefused(run, "1.0", isa, "--iterations=9");

    Ran allowed = run("1.0", "--resume=" + run, "--iterations=9", "--allow-other-kernels");
    assertThat(allowed.exitCode()).isZero();
    assertThat(allowed.err()).contains("no longer those of one machine", isa).hasLineCount(1);
    assertThat(record(run).path("platform")).isEqualTo(started);
    JsonNode resumed = record(run).at("/resumed/0");
    assertThat(resumed.at("/platform/intra_op_threads").isInt()).isTrue();
    assertThat(resumed.path("other_kernels").toString()).contains(isa);
    assertRefused(run, "1.0", isa, "--iterations=12"); // as it was started, not resumed
  }

  // ---- Not complete

  private static String status(Path run) throws IOException {
    return record(run).path("status").asText();
  }

  @Test
  void aRunIsNotCompletedBeforeItsModelIsSaved() throws IOException {
    Path expected = train("expected", "2.2", 25);
    Path run = folder.resolve("run");
    TrainingListener vandal =
        new TrainingListener() {
          @Override
          public void onEvaluation(Evaluation evaluation) throws IOException {
            if (evaluation.measurement().iteration() == 0 && !Files.exists(run.resolve("model"))) {
              Files.createFile(run.resolve("model"));
            }
          }
        };
    Ran failed =
        run(
            "2.2",
            vandal,
            "--data=" + digits,
            "--iterations=25",
            "--record-view",
            "--run-dir=" + run);
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err())
        .startsWith("error: ")
        .contains("model already exists", "--resume " + run + " finishes the run")
        .hasLineCount(1);
    assertThat(status(run)).isEqualTo("failed");
    assertThat(record(run).at("/results/weights_sha256"))
        .isEqualTo(record(expected).at("/results/weights_sha256"));

    Files.delete(run.resolve("model"));
    Ran resumed = run("2.2", "--resume=" + run);
    assertThat(resumed.err()).isEmpty();
    assertThat(resumed.out())
        .contains("The training is complete; saving what is missing", "Model in")
        .doesNotContain("Resuming at");
    assertThat(status(run)).isEqualTo("completed");
    assertEqual(run, expected);
  }

  /** As earlier versions leave it when they are killed while they save the model. */
  @Test
  void aCompletedRunWithoutAModelSavesIt() throws IOException {
    Path expected = train("expected", "3.1", 5);
    Path run = train("run", "3.1", 5);
    FileTree.delete(run.resolve("model"));
    assertThat(run("3.1", "--resume=" + run).exitCode()).isZero();
    assertEqual(run, expected);
    assertThat(run("3.1", "--resume=" + run).err()).contains("has completed its 5 iterations");
  }

  @Test
  void theWeightsThatTheModelHasAreMeasured() throws IOException {
    Path run = train("run", "3.0", 20); // its script measures the test set every 100 iterations
    assertThat(record(run).at("/results/last_test/iteration").asInt()).isEqualTo(21);
    assertThat(record(run).at("/results/model/iteration").asInt()).isEqualTo(21);
    List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertThat(metrics.get(metrics.size() - 1)).startsWith("{\"iteration\":21,").contains("TEST");
    ViewRecord view = ViewRecord.read(run);
    assertThat(view.damage()).isEmpty();
    assertThat(view.tests().get(view.tests().size() - 1).measurement().iteration()).isEqualTo(21);
  }

  // ---- Nothing is changed before everything is checked

  @Test
  void aStrayFileInTheModelRefusesTheExtensionAndChangesNothing() throws IOException {
    Path run = train("run", "1.0", 5);
    Files.createFile(run.resolve("model/notes.txt"));
    Path metrics = run.resolve("metrics.jsonl");
    byte[] before = Files.readAllBytes(metrics);
    assertRefused(run, "1.0", "contains notes.txt", "--iterations=9");
    assertRefused(
        run, "1.0", "is a file", "--no-export", "--iterations=9", "--graph=" + metrics + "/graph");
    assertThat(metrics).hasBinaryContent(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | garbage", // the test set at 0
        "3 | {\"iteration\":10", // the last measurement before the checkpoint
        "4 | {\"iteration\":10,\"set\":\"TEST\"}"
      })
  void aDamagedMeasurementIsNamedAndNothingChanged(int line, String damaged) throws IOException {
    Path run = train("run", "1.0", 10);
    Path metrics = run.resolve("metrics.jsonl");
    List<String> lines = Files.readAllLines(metrics);
    lines.set(line - 1, damaged);
    Files.write(metrics, lines);
    assertRefused(run, "1.0", metrics + ", line " + line + " is damaged", "--iterations=15");
    assertThat(Files.readAllLines(metrics)).isEqualTo(lines);

    lines.remove(line - 1); // as the message says
    Files.write(metrics, lines);
    assertThat(run("1.0", "--resume=" + run, "--iterations=15").exitCode()).isZero();
    assertThat(Files.readAllLines(metrics).subList(0, 3)).isEqualTo(lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"garbage\n", "{\"iteration\":", "\n\n", "{}\n{\"iteration\":10}\n"})
  void damageBehindTheCheckpointIsCut(String damage) throws IOException {
    Path expected = train("expected", "1.0", 15);
    Path run = train("run", "1.0", 10);
    Files.writeString(run.resolve("metrics.jsonl"), damage, StandardOpenOption.APPEND);
    assertThat(run("1.0", "--resume=" + run, "--iterations=15").exitCode()).isZero();
    assertEqual(run, expected);
  }

  @Test
  void aCheckpointWithATemporaryNameIsResumedFrom() throws IOException {
    Path expected = train("expected", "1.0", 15);
    Path run = train("run", "1.0", 10);
    String old = ".checkpoint-11.00000000-0000-0000-0000-000000000000.old";
    Files.move(run.resolve("checkpoint-11"), run.resolve(old));
    assertThat(run("1.0", "--resume=" + run, "--iterations=15").exitCode()).isZero();
    assertEqual(run, expected);
    assertThat(run.toFile().list()).noneMatch(name -> name.startsWith("."));
  }

  // ---- Broken off

  private Process start(Path run, String... more) throws IOException {
    Stream<String> all =
        Stream.concat(Stream.of("--quiet", "--checkpoint-seconds=1"), Stream.of(more));
    return Program.start(folder, List.of(), DROPOUT, all.toArray(String[]::new));
  }

  private static void awaitCheckpoint(Path run, Process process) throws Exception {
    while (process.isAlive()) {
      if (Files.isDirectory(run)) {
        try (Stream<Path> files = Files.list(run)) {
          if (files.anyMatch(file -> file.getFileName().toString().startsWith("checkpoint-"))) {
            return;
          }
        }
      }
      Thread.sleep(20);
    }
  }

  /** Starts a run, and sends it signals after its first checkpoint. */
  private Path breakOff(String name, String... signals) throws Exception {
    Path run = folder.resolve(name);
    Process process =
        start(run, "--data=" + digits, ITERATIONS, "--record-view", "--run-dir=" + run);
    awaitCheckpoint(run, process);
    for (String signal : signals) {
      new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start().waitFor();
    }
    assertThat(Program.end(folder, process).exitCode()).isGreaterThan(128);
    return run;
  }

  private void assertEqualToUninterrupted(Path run) throws Exception {
    Path expected = shared.resolve("uninterrupted");
    if (!Files.exists(expected)) {
      Process process =
          start(expected, "--data=" + digits, ITERATIONS, "--record-view", "--run-dir=" + expected);
      assertThat(Program.end(folder, process).exitCode()).isZero();
    }
    assertEqual(run, expected);
    assertThat(run.toFile().list()).noneMatch(name -> name.startsWith("."));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aRunStoppedByImpatientSignalsResumes() throws Exception {
    Path run = breakOff("run", "-INT", "-INT", "-TERM");
    assertThat(status(run)).isEqualTo("interrupted");
    assertThat(record(run).at("/results/last_test/iteration"))
        .isEqualTo(record(run).at("/results/steps"));
    assertThat(Program.end(folder, start(run, "--resume=" + run)).exitCode()).isZero();
    assertEqualToUninterrupted(run);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void makeResumeResumesTheNewestUnfinishedRunAfterAKill() throws Exception {
    Path run = breakOff("runs/killed", "-KILL");
    assertThat(record(run).path("status").asText()).isEqualTo("running");
    train("runs/done", "1.0", 5);

    // What a killed program may leave behind does not hinder the next.
    Files.createDirectory(run.resolve(".checkpoint-9.00000000-0000-0000-0000-000000000000.part"));
    Files.writeString(run.resolve("metrics.jsonl"), "{\"iteration\":", StandardOpenOption.APPEND);

    Program.Run resumed =
        Program.end(folder, Program.start(folder, List.of(), "app.Resume", "--quiet"));
    assertThat(resumed.err()).isEmpty();
    assertThat(resumed.out()).contains("Stage 2.2");
    assertThat(record(run).path("status").asText()).isEqualTo("completed");
    assertEqualToUninterrupted(run);

    FileTree.delete(run);
    Program.Run none = Program.end(folder, Program.start(folder, List.of(), "app.Resume"));
    assertThat(none.exitCode()).isEqualTo(1);
    assertThat(none.err()).isEqualTo("error: runs contains no unfinished run with a checkpoint\n");
  }

  // ---- Python

  @Test
  void pythonReadsACheckpoint() throws Exception {
    Path python = ProjectFolder.path().resolve("python-reference/.venv/bin/python");
    Assumptions.assumeTrue(Files.isExecutable(python), python + " is made by make crosscheck");
    Path run = train("run", "2.2", 5);
    String script =
        """
        import sys, tensorflow as tf
        prefix = sys.argv[1]
        print(sorted(name for name, shape in tf.train.list_variables(prefix)))
        print(tf.train.load_checkpoint(prefix).get_tensor("W1").shape)
        """;
    Process process =
        new ProcessBuilder(
                python.toString(), "-c", script, run.resolve("checkpoint-6/variables").toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(said).contains("'W1', 'W1-m', 'W1-v'", "'beta1_power'", "'best/W1'", "(784, 200)");
  }
}
