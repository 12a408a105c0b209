package mnist.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.nn.Network;
import mnist.platform.FileTree;
import mnist.platform.Json;
import mnist.platform.Sha256;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;
import mnist.training.TrainingResult;
import mnist.training.TrainingState;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointsTest {
  private static final String CONFIGURATION = "0123";

  private static DataSet digits;
  private static Path trained;

  @TempDir private Path run;
  private final List<String> damage = new ArrayList<>();

  @BeforeAll
  static void drawDigits(@TempDir Path folder) throws Exception {
    trained = folder.resolve("trained");
    digits = TestData.in(FewDigits.writeTo(folder.resolve("digits")));
  }

  private static Network network(Stage stage) {
    return stage.network(0);
  }

  private Checkpoints checkpoints(String stage, Network network) {
    return new Checkpoints(run, stage, network, false, CONFIGURATION);
  }

  /** Trains a stage, leaving checkpoints, from the newest one if there are any. */
  private TrainingResult train(String name, int iterations, List<Measurement> heard)
      throws Exception {
    Stage stage = Stages.named(name);
    try (Network network = network(stage);
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(iterations), network, digits, 100)) {
      Checkpointer checkpointer =
          new Checkpointer(checkpoints(name, network), Duration.ofDays(1), () -> {});
      try {
        loop.restore(checkpoints(name, network).newest(false, damage::add));
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("has no checkpoint");
      }
      return loop.run(
          TrainingListener.all(List.of(TrainingListener.collecting(heard), checkpointer)),
          () -> false);
    }
  }

  @ParameterizedTest
  @CsvSource({"1.0, 25, 60", "2.2, 25, 61", "3.1, 5, 21", "4.1, 12, 25", "4.2, 2, 4", "5.0, 2, 4"})
  void aResumedTrainingIsEqualToTheBit(String stage, int until, int iterations) throws Exception {
    List<Measurement> uninterrupted = new ArrayList<>();
    TrainingResult expected;
    try (Network network = network(Stages.named(stage));
        TrainingLoop loop =
            new TrainingLoop(
                Stages.named(stage).schedule().withIterations(iterations), network, digits, 100)) {
      expected = loop.run(TrainingListener.collecting(uninterrupted), () -> false);
    }

    List<Measurement> heard = new ArrayList<>();
    train(stage, until, heard);
    TrainingResult resumed = train(stage, iterations, heard);

    assertThat(resumed.finalWeights().sha256()).isEqualTo(expected.finalWeights().sha256());
    assertThat(heard).isEqualTo(uninterrupted);
    assertThat(resumed.steps()).isEqualTo(expected.steps());
    assertThat(resumed.last()).isEqualTo(expected.last());
    TrainingResult.Best best = resumed.best().orElseThrow();
    assertThat(best.measurement()).isEqualTo(expected.best().orElseThrow().measurement());
    assertThat(best.weights().sha256()).isEqualTo(expected.best().orElseThrow().weights().sha256());
    assertThat(best.confusion().counts())
        .isDeepEqualTo(expected.best().orElseThrow().confusion().counts());
  }

  private TrainingState newest(String stage) throws IOException {
    try (Network network = network(Stages.named(stage))) {
      return checkpoints(stage, network).newest(false, damage::add);
    }
  }

  /** Leaves checkpoints before iterations 8 and 12; the first of three is deleted. */
  private void trainThrice() throws Exception {
    if (!Files.exists(trained)) {
      for (int iterations : new int[] {3, 7, 11}) {
        train("1.0", iterations, new ArrayList<>());
      }
      copy(run, trained);
    } else {
      copy(trained, run);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (!Files.isDirectory(target)) {
          Files.copy(file, target);
        }
      }
    }
  }

  @Test
  void theNewestTwoAreKept() throws Exception {
    trainThrice();
    assertThat(run.toFile().list()).containsExactlyInAnyOrder("checkpoint-8", "checkpoint-12");
    assertThat(newest("1.0").next()).isEqualTo(12);
    assertThat(damage).isEmpty();
  }

  @Test
  void anIntactOneIsNeverReplaced() throws Exception {
    trainThrice();
    Path newest = run.resolve("checkpoint-12");
    Object before = Files.readAttributes(newest, BasicFileAttributes.class).fileKey();
    train("1.0", 11, new ArrayList<>()); // all done: the state is that of the checkpoint
    assertThat(Files.readAttributes(newest, BasicFileAttributes.class).fileKey()).isEqualTo(before);
  }

  @Test
  void aDamagedOneIsReplacedWhenTheTrainingGetsThereAgain() throws Exception {
    trainThrice();
    damage(run.resolve("checkpoint-12/state.json"), "cut");
    train("1.0", 11, new ArrayList<>());
    damage.clear();
    assertThat(newest("1.0").next()).isEqualTo(12);
    assertThat(damage).isEmpty();
  }

  /** Earlier versions were killed between two renames. */
  @ParameterizedTest
  @CsvSource({"old", "part"})
  void oneThatHasOnlyATemporaryNameIsFound(String suffix) throws Exception {
    trainThrice();
    String name = ".checkpoint-12.00000000-0000-0000-0000-000000000000." + suffix;
    Files.move(run.resolve("checkpoint-12"), run.resolve(name));
    FileTree.delete(run.resolve("checkpoint-8"));
    assertThat(Checkpoints.isIn(run)).isTrue();
    assertThat(newest("1.0").next()).isEqualTo(12);

    Path halfWritten = run.resolve(name.replace("12", "16"));
    Files.createDirectory(halfWritten);
    assertThat(newest("1.0").next()).isEqualTo(12);
    assertThat(damage).isEmpty();
    Checkpoints.recoverLeftovers(run);
    assertThat(run.toFile().list())
        .containsExactlyInAnyOrder("checkpoint-12", halfWritten.getFileName().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "variables.data-00000-of-00001, cut",
    "variables.data-00000-of-00001, flip",
    "variables.index, flip",
    "variables.index, empty",
    "state.json, flip",
    "state.json, cut",
    "state.json, gone",
    "SHA256SUMS, empty",
    "SHA256SUMS, flip"
  })
  void aDamagedOneIsReportedAndSkipped(String file, String kind) throws Exception {
    trainThrice();
    damage(run.resolve("checkpoint-12").resolve(file), kind);
    assertThat(newest("1.0").next()).isEqualTo(8);
    assertThat(damage).singleElement().asString().contains("checkpoint-12", "damaged", "before it");

    damage(run.resolve("checkpoint-8").resolve(file), kind);
    assertThatThrownBy(() -> newest("1.0"))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "checkpoint-12", "checkpoint-8", "damaged", "nothing has been changed");
    assertThat(run.toFile().list()).containsExactlyInAnyOrder("checkpoint-8", "checkpoint-12");
  }

  private static void damage(Path file, String how) throws IOException {
    byte[] content = Files.readAllBytes(file);
    switch (how) {
      case "cut" -> Files.write(file, Arrays.copyOf(content, content.length - 1));
      case "empty" -> Files.write(file, new byte[0]);
      case "gone" -> Files.delete(file);
      default -> {
        content[content.length / 2] ^= 1;
        Files.write(file, content);
      }
    }
  }

  // ---- Entries that lead out of the folder

  @ParameterizedTest
  @DisabledOnOs(OS.WINDOWS) // without pipes
  @ValueSource(strings = {"../checkpoint-8/state.json", "/etc/passwd", "link", "pipe", "..", "."})
  void onlyFilesOfTheFolderItselfAreRead(String name) throws Exception {
    trainThrice();
    Path folder = run.resolve("checkpoint-12");
    if (name.equals("link")) {
      Files.createSymbolicLink(folder.resolve(name), run.resolve("checkpoint-8/state.json"));
    } else if (name.equals("pipe")) {
      new ProcessBuilder("mkfifo", folder.resolve(name).toString()).start().waitFor();
    }
    Path sums = folder.resolve("SHA256SUMS");
    String other = Sha256.of(Files.readAllBytes(run.resolve("checkpoint-8/state.json")));
    Files.writeString(sums, other + "  " + name + "\n" + Files.readString(sums));
    assertThat(newest("1.0").next()).isEqualTo(8);
    assertThat(damage).singleElement().asString().contains("names no file of this folder in");
  }

  // ---- Checkpoints of other runs and versions

  /** Replaces state.json, whose checksum is right again. */
  private static void writeState(Path checkpoint, String content) throws IOException {
    Path state = checkpoint.resolve("state.json");
    Path sums = checkpoint.resolve("SHA256SUMS");
    String before = Sha256.of(Files.readAllBytes(state));
    Files.writeString(state, content);
    String after = Sha256.of(Files.readAllBytes(state));
    Files.writeString(sums, Files.readString(sums).replace(before, after));
  }

  private ObjectNode state() throws IOException {
    return (ObjectNode) Json.MAPPER.readTree(run.resolve("checkpoint-12/state.json").toFile());
  }

  @Test
  void oneOfAnotherConfigurationIsRefused() throws Exception {
    trainThrice();
    writeState(
        run.resolve("checkpoint-12"), state().put("configuration_sha256", "other").toString());
    assertThatThrownBy(() -> newest("1.0"))
        .hasMessageContaining("checkpoint-12 is not of this run");
  }

  @Test
  void oneOfAnEarlierVersionIsAcceptedWithANote() throws Exception {
    trainThrice();
    ObjectNode state = state();
    state.remove("configuration_sha256");
    writeState(run.resolve("checkpoint-12"), state.toString());
    assertThat(newest("1.0").next()).isEqualTo(12);
    assertThat(damage).singleElement().asString().contains("written by an earlier version");
  }

  /** If this changes, runs of earlier versions can no longer be resumed. */
  @Test
  void theConfigurationsChecksumStaysAndTellsRunsApart() {
    RunConfig config = RunConfig.defaults(Stages.named("2.2"));
    Map<String, String> data = Map.of("b", "2", "a", "1");
    String sha256 = config.sha256("2.2", data);
    assertThat(sha256)
        .isEqualTo("c185a5e19e2fdd78a5c870e279835027bef3294a931f48e794d79a8344e20eb9");
    config.iterations++;
    config.noOnednn = true;
    assertThat(config.sha256("2.2", data)).isEqualTo(sha256);
    assertThat(config.sha256("2.2", Map.of("b", "2", "a", "3"))).isNotEqualTo(sha256);
    config.hyperparameters.seed++;
    assertThat(config.sha256("2.2", data)).isNotEqualTo(sha256);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "[]",
        "{}",
        "{",
        "next=-1",
        "next=9223372036854775807",
        "random_numbers_drawn=null",
        "confusion=null",
        "confusion=[[1]]"
      })
  void aStateThatCannotBeIsTold(String content) throws Exception {
    trainThrice();
    String[] field = content.split("=");
    writeState(
        run.resolve("checkpoint-12"),
        field.length == 1
            ? content
            : state().set(field[0], Json.MAPPER.readTree(field[1])).toString());
    assertThatThrownBy(() -> newest("1.0"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("checkpoint-12/state.json is damaged");
  }

  @Test
  void anotherStageOrOtherKernelsAreRefused() throws Exception {
    train("1.0", 1, new ArrayList<>());
    assertThatThrownBy(() -> newest("2.0"))
        .hasMessageContaining("stage 1.0, this run has stage 2.0");
    try (Network network = network(Stages.named("1.0"))) {
      assertThatThrownBy(
              () ->
                  new Checkpoints(run, "1.0", network, true, CONFIGURATION)
                      .newest(false, damage::add))
          .hasMessageContaining("oneDNN off, this run has oneDNN on");
      Checkpoints others = new Checkpoints(run, "1.0", network, true, CONFIGURATION);
      assertThat(others.newest(true, damage::add).next()).isEqualTo(2);
    }
  }
}
