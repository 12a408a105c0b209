package mnist.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.data.Batches;
import mnist.data.DataSet;
import mnist.network.Hyperparameters;
import mnist.network.Network;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

class StepInPartsTest {
  private static DataSet digits;

  @BeforeAll
  static void drawDigits(@TempDir Path folder) throws Exception {
    digits = TestData.in(FewDigits.writeTo(folder.resolve("digits")));
  }

  /** With dropout too: both draw the same numbers. */
  @ParameterizedTest
  @CsvSource({"3.0, 2", "3.0, 3", "3.1, 2", "3.1, 7"})
  void theGradientsAreThoseOfTheWholeBatch(String stage, int count) throws Exception {
    try (Network network = Stages.named(stage).network(Hyperparameters.ofTheScript(0));
        Batches batches = new Batches(digits.training(), 100, 0);
        TInt32 step = TInt32.scalarOf(0);
        TFloat32 pkeep = TFloat32.scalarOf(0.75f);
        Session whole = new Session(network.graph());
        Session inParts = new Session(network.graph())) {
      batches.next();
      UnaryOperator<Session.Runner> feedingScalars =
          runner -> {
            network.step().ifPresent(node -> runner.feed(node.output(0), step));
            network.pkeep().ifPresent(node -> runner.feed(node.output(0), pkeep));
            return runner;
          };
      whole.initialize();
      inParts.initialize();

      Session.Runner runner =
          feedingScalars
              .apply(whole.runner())
              .feed(network.images(), batches.batch().images())
              .feed(network.labels(), batches.batch().labels())
              .fetch(network.trainingLoss());
      network.gradients().forEach(runner::fetch);
      RandomNodes randomNodes = new RandomNodes(inParts, network);
      try (Result expected = runner.run();
          StepInParts parts =
              new StepInParts(
                  inParts, network, randomNodes, batches.batch(), feedingScalars, count)) {
        float loss = Evaluation.scalar(expected, 0);
        assertThat(Math.abs(parts.run() - loss) / loss).isLessThan(1e-5f);
        for (int i = 0; i < network.gradients().size(); i++) {
          float[] gradient = floats((TFloat32) expected.get(1 + i));
          assertThat(largestDifference(floats(parts.gradients().get(i)), gradient))
              .as(network.trained().get(i).op().name())
              .isLessThan(1e-5f);
        }
      }
    }
  }

  private static float[] floats(TFloat32 tensor) {
    float[] values = new float[(int) tensor.size()];
    tensor.asRawTensor().data().asFloats().read(values);
    return values;
  }

  /** Relative to the largest value. */
  private static float largestDifference(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    float difference = 0;
    float largest = 0;
    for (int i = 0; i < found.length; i++) {
      difference = Math.max(difference, Math.abs(found[i] - expected[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return difference / largest;
  }

  private static Outcome train(int parts, List<Measurement> measurements) throws Exception {
    Stage stage = Stages.named("3.1");
    try (Network network = stage.network(Hyperparameters.ofTheScript(0));
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(20), network, digits, 100, parts)) {
      return loop.run(TrainingListener.keeping(measurements), () -> false);
    }
  }

  @Test
  void equalRunsGiveEqualNumbers() throws Exception {
    List<Measurement> first = new ArrayList<>();
    List<Measurement> second = new ArrayList<>();
    String weights = train(3, first).finalWeights().sha256();
    assertThat(train(3, second).finalWeights().sha256()).isEqualTo(weights);
    assertThat(second).isEqualTo(first);
    assertThat(train(1, new ArrayList<>()).finalWeights().sha256()).isNotEqualTo(weights);
  }

  @Test
  void goesOnWhereItWasLeft() throws Exception {
    Stage stage = Stages.named("3.1");
    String whole = train(2, new ArrayList<>()).finalWeights().sha256();
    List<TrainingState> left = new ArrayList<>();
    TrainingListener keeping =
        new TrainingListener() {
          @Override
          public void reached(
              int next, boolean end, java.util.function.Supplier<TrainingState> state) {
            if (next == 8) {
              left.add(state.get());
            }
          }
        };
    Schedule schedule = stage.schedule().withIterations(20);
    try (Network network = stage.network(Hyperparameters.ofTheScript(0));
        TrainingLoop loop = new TrainingLoop(schedule, network, digits, 100, 2)) {
      loop.run(keeping, () -> !left.isEmpty());
    }
    try (Network network = stage.network(Hyperparameters.ofTheScript(0));
        TrainingLoop loop = new TrainingLoop(schedule, network, digits, 100, 2)) {
      loop.restore(left.get(0));
      assertThat(loop.run(new TrainingListener() {}, () -> false).finalWeights().sha256())
          .isEqualTo(whole);
    }
  }
}
