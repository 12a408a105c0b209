package mnist.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.nn.Network;
import mnist.platform.FileTree;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;
import mnist.training.TrainingResult;
import mnist.training.TrainingState;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointsTest {
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

  /** Trains a stage, leaving checkpoints, from the newest one if there are any. */
  private TrainingResult train(String name, int iterations, List<Measurement> heard)
      throws Exception {
    Stage stage = Stages.named(name);
    try (Network network = network(stage);
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(iterations), network, digits, 100)) {
      Checkpointer checkpointer =
          new Checkpointer(
              new Checkpoints(run, name, network, false), Duration.ofDays(1), () -> {});
      try {
        loop.restore(new Checkpoints(run, name, network, false).newest(damage::add));
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
      return new Checkpoints(run, stage, network, false).newest(damage::add);
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

  @Test
  void anotherStageOrOtherKernelsAreRefused() throws Exception {
    train("1.0", 1, new ArrayList<>());
    assertThatThrownBy(() -> newest("2.0"))
        .hasMessageContaining("stage 1.0, this run has stage 2.0");
    try (Network network = network(Stages.named("1.0"))) {
      assertThatThrownBy(() -> new Checkpoints(run, "1.0", network, true).newest(damage::add))
          .hasMessageContaining("oneDNN off, this run has oneDNN on");
    }
  }
}
