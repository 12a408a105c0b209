package mnist.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Hyperparameters;
import mnist.nn.Network;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.GraphOperation;
import org.tensorflow.proto.DataType;

class TrainingLoopTest {
  private static final TrainingListener NOBODY = new TrainingListener() {};

  private static DataSet digits;

  @BeforeAll
  static void drawDigits(@TempDir Path folder) throws Exception {
    digits = TestData.in(FewDigits.writeTo(folder.resolve("digits")));
  }

  private static TrainingResult train(String stage, int iterations, TrainingListener listener)
      throws Exception {
    return train(stage, Stages.named(stage).defaults(0), iterations, digits, listener);
  }

  private static TrainingResult train(
      String name, Hyperparameters chosen, int iterations, DataSet data, TrainingListener listener)
      throws Exception {
    Stage stage = Stages.named(name);
    try (Network network = stage.network(chosen);
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(iterations), network, data, 100)) {
      return loop.run(listener, () -> false);
    }
  }

  private static Hyperparameters withLearningRate(float rate) {
    Hyperparameters hyperparameters = new Hyperparameters();
    hyperparameters.learningRate = rate;
    return hyperparameters;
  }

  private static List<Measurement> measurements(String stage, int iterations) throws Exception {
    List<Measurement> measurements = new ArrayList<>();
    train(stage, iterations, TrainingListener.keeping(measurements));
    return measurements;
  }

  private static List<Measurement> tests(List<Measurement> all) {
    return all.stream().filter(m -> m.set() == Split.TEST).toList();
  }

  private static List<Integer> iterations(List<Measurement> all, Split split) {
    return all.stream().filter(m -> m.set() == split).map(Measurement::iteration).toList();
  }

  // ---- What it learns, and when it measures

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1"})
  void aFewDozenStepsLowerTheLoss(String stage) throws Exception {
    List<Measurement> tests = tests(measurements(stage, 100));
    Measurement first = tests.get(0);
    Measurement last = tests.get(tests.size() - 1);
    assertThat(last.iteration()).isEqualTo(100);
    assertThat(last.loss()).isLessThan(first.loss() * 0.9f);
    assertThat(last.accuracy()).isGreaterThan(first.accuracy() + 0.1f);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.2", "3.1", "4.2", "5.0"})
  void equalSeedsGiveEqualWeights(String stage) throws Exception {
    List<String> weights = new ArrayList<>();
    for (long seed : new long[] {7, 7, 8}) {
      Hyperparameters chosen = Stages.named(stage).defaults(seed);
      weights.add(train(stage, chosen, 10, digits, NOBODY).finalWeights().sha256());
    }
    assertThat(weights.get(1)).isEqualTo(weights.get(0));
    assertThat(weights.get(2)).isNotEqualTo(weights.get(0));
  }

  @Test
  void measuresWhenTheScriptsDo() throws Exception {
    List<Measurement> softmax = measurements("1.0", 100);
    assertThat(iterations(softmax, Split.TRAIN))
        .containsExactly(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100);
    assertThat(iterations(softmax, Split.TEST)).containsExactly(0, 10, 20, 30, 40, 50, 100);
    assertThat(softmax).allMatch(m -> m.learningRate() == 0.005f);

    List<Measurement> convolutional = measurements("3.0", 20);
    assertThat(iterations(convolutional, Split.TRAIN)).containsExactly(0, 10, 20);
    assertThat(iterations(convolutional, Split.TEST)).containsExactly(0);
  }

  @Test
  void learningRateDecaysWithTheStep() throws Exception {
    for (Measurement m : measurements("2.1", 40)) {
      double expected = 0.0001 + 0.003 * Math.exp(-m.iteration() / 2000.0);
      assertThat((double) m.learningRate()).isCloseTo(expected, Offset.offset(1e-9));
    }
  }

  @Test
  void epochsCountTimesThroughTheImages() throws Exception {
    for (Measurement m : measurements("1.0", 60)) {
      assertThat(m.epoch()).isEqualTo(m.iteration() / 10 + 1); // of 1,000 images
    }
  }

  @Test
  void tellsEveryStepAndHowLongItTook() throws Exception {
    AtomicInteger steps = new AtomicInteger();
    train(
        "1.0",
        50,
        new TrainingListener() {
          @Override
          public void onStep(int iteration, long nanos) {
            assertThat(iteration).isEqualTo(steps.getAndIncrement());
            assertThat(nanos).isPositive();
          }
        });
    assertThat(steps).hasValue(51);
  }

  // ---- The outcome

  @Test
  void keepsTheBestAndTheLastTestMeasurement() throws Exception {
    List<Measurement> heard = new ArrayList<>();
    TrainingResult outcome = train("1.0", 300, TrainingListener.keeping(heard));
    List<Measurement> tests = tests(heard);
    float best = (float) tests.stream().mapToDouble(Measurement::accuracy).max().orElseThrow();
    assertThat(outcome.best().orElseThrow().measurement().accuracy()).isEqualTo(best);
    assertThat(outcome.last()).contains(tests.get(tests.size() - 1));
    assertThat(outcome.status()).isEqualTo(TrainingResult.Status.COMPLETED);
  }

  @Test
  void theConfusionIsThatOfTheBestMeasurement() throws Exception {
    TrainingResult.Best best = train("1.0", 300, NOBODY).best().orElseThrow();
    int[] perClass = new int[10];
    for (byte label : digits.test().labels()) {
      perClass[label]++;
    }
    for (int right = 0; right < 10; right++) {
      assertThat(sum(best.confusion().counts()[right])).isEqualTo(perClass[right]);
    }
    assertThat((float) best.confusion().correct() / digits.test().count())
        .isEqualTo(best.measurement().accuracy());
  }

  private static int sum(int[] row) {
    return java.util.Arrays.stream(row).sum();
  }

  @Test
  void keepsTheWeightsOfTheBestTestMeasurement() throws Exception {
    DataSet all = TestData.drawnDigits();
    // At so high a rate the accuracy goes up and down.
    TrainingResult whole = train("1.0", withLearningRate(0.02f), 50, all, NOBODY);
    TrainingResult.Best best = whole.best().orElseThrow();
    int iteration = best.measurement().iteration();
    assertThat(iteration).isBetween(1, whole.last().orElseThrow().iteration() - 1);

    // The measurement comes before the step of its iteration.
    TrainingResult untilThen = train("1.0", withLearningRate(0.02f), iteration - 1, all, NOBODY);
    assertThat(best.weights().values()).isEqualTo(untilThen.finalWeights().values());
    assertThat(whole.finalWeights().values()).isNotEqualTo(best.weights().values());
  }

  @Test
  void stopsAfterTheStepInWhichItWasAsked() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    TrainingListener stopper =
        new TrainingListener() {
          @Override
          public void onStep(int iteration, long nanos) {
            stop.set(iteration == 25);
          }
        };
    Stage stage = Stages.named("1.0");
    try (Network network = stage.network(0);
        TrainingLoop loop = new TrainingLoop(stage.schedule(), network, digits, 100)) {
      TrainingResult outcome = loop.run(stopper, stop::get);
      assertThat(outcome.status()).isEqualTo(TrainingResult.Status.INTERRUPTED);
      assertThat(outcome.steps()).isEqualTo(26);
      assertThat(outcome.last().orElseThrow().iteration()).isEqualTo(20);
    }
  }

  @Test
  void aLossThatIsNoNumberStopsTheTraining() {
    assertThatThrownBy(() -> train("1.0", withLearningRate(1e30f), 1000, digits, NOBODY))
        .isInstanceOf(TrainingException.class)
        .hasMessageMatching(".*not a number.* at step \\d+; .*--learning-rate");
  }

  // ---- Listeners

  /** Wants every variable, layer and gradient: each float32 output of the stage's graph. */
  private static final class Greedy implements TrainingListener {
    final Set<String> nodes = new TreeSet<>();
    int observations;

    Greedy(String stage) {
      try (Network network = Stages.named(stage).network(0)) {
        for (Iterator<GraphOperation> all = network.graph().operations(); all.hasNext(); ) {
          GraphOperation node = all.next();
          if (node.numOutputs() == 1
              && node.output(0).dataType() == DataType.DT_FLOAT
              && node.name()
                  .matches("([WBb][0-9]*|Y[0-9]*d?)|Ylogits|XX|lr|accuracy|cross_entropy")) {
            nodes.add(node.name());
          }
        }
      }
      assertThat(nodes).contains("Y", "Ylogits", "cross_entropy");
    }

    @Override
    public Set<String> requestedTensors(Split split) {
      return nodes;
    }

    @Override
    public void onEvaluation(Evaluation evaluation) {
      nodes.forEach(node -> assertThat(evaluation.values(node).hasRemaining()).isTrue());
      observations++;
    }
  }

  @ParameterizedTest
  @CsvSource({"1.0, 60", "2.2, 100", "3.1, 25", "4.1, 40"})
  void whoListensChangesNoNumber(String stage, int iterations) throws Exception {
    List<Measurement> alone = new ArrayList<>();
    String weights =
        train(stage, iterations, TrainingListener.keeping(alone)).finalWeights().sha256();

    Greedy greedy = new Greedy(stage);
    List<Measurement> watched = new ArrayList<>();
    TrainingListener both =
        TrainingListener.all(List.of(TrainingListener.keeping(watched), greedy));
    assertThat(train(stage, iterations, both).finalWeights().sha256()).isEqualTo(weights);
    assertThat(watched).isEqualTo(alone);
    assertThat(greedy.observations).isEqualTo(alone.size());

    Greedy wants = new Greedy(stage);
    TrainingListener slow =
        new TrainingListener() {
          @Override
          public Set<String> requestedTensors(Split split) {
            return wants.requestedTensors(split);
          }

          @Override
          public void onEvaluation(Evaluation evaluation) {
            pause(20);
          }
        };
    try (AsyncListener onlooker = new AsyncListener(slow, Duration.ofMillis(100), lost -> {})) {
      assertThat(train(stage, iterations, onlooker).finalWeights().sha256()).isEqualTo(weights);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anObservationHoldsWhatWasMeasured() throws Exception {
    List<Evaluation> seen = new ArrayList<>();
    TrainingListener curious =
        new TrainingListener() {
          @Override
          public Set<String> requestedTensors(Split split) {
            return split == Split.TEST ? Set.of("W", "Y") : Set.of("b");
          }

          @Override
          public void onEvaluation(Evaluation evaluation) {
            seen.add(evaluation);
          }
        };
    DataSet all = TestData.drawnDigits(); // so many that the test set is measured in parts
    train("1.0", Stages.named("1.0").defaults(0), 10, all, curious);

    Evaluation batch = seen.get(0);
    assertThat(batch.measurement().set()).isEqualTo(Split.TRAIN);
    assertThat(batch.images()).hasSize(100).doesNotHaveDuplicates();
    assertThat(batch.predicted()).hasSize(100);
    assertThat(batch.values("b").remaining()).isEqualTo(10);
    assertThatThrownBy(() -> batch.values("W")).hasMessageContaining("no values of W were wanted");

    Evaluation test = seen.get(seen.size() - 1);
    assertThat(test.measurement().iteration()).isEqualTo(10);
    assertThat(test.measurement().set()).isEqualTo(Split.TEST);
    assertThat(test.images()).startsWith(0, 1, 2).endsWith(9_998, 9_999);
    assertThat(test.values("W").remaining()).isEqualTo(7840);
    int correct = 0;
    for (int i = 0; i < 10_000; i++) {
      correct += test.predicted()[i] == all.test().labels()[i] ? 1 : 0;
      if (i % 1000 == 999) {
        // The probabilities are those of this image, whichever part it was measured in.
        FloatBuffer y = test.values("Y");
        float most = y.get(10 * i + test.predicted()[i]);
        for (int c = 0; c < 10; c++) {
          assertThat(y.get(10 * i + c)).isLessThanOrEqualTo(most);
        }
      }
    }
    assertThat(correct / 10_000f).isEqualTo(test.measurement().accuracy());

    test.predicted()[0] = -1;
    assertThat(test.predicted()[0]).isBetween(0, 9);
    assertThat(test.values("W").isReadOnly()).isTrue();
  }

  @Test
  void aNodeThatThereIsNotIsRefusedBeforeTheTraining() {
    TrainingListener wrong =
        new TrainingListener() {
          @Override
          public Set<String> requestedTensors(Split split) {
            return Set.of("W9");
          }
        };
    assertThatThrownBy(() -> train("1.0", 0, wrong)).hasMessageContaining("W9");
  }

  @Test
  void aRecordThatFailsEndsTheTraining() {
    TrainingListener full =
        new TrainingListener() {
          @Override
          public void onEvaluation(Evaluation evaluation) throws IOException {
            throw new IOException("the disk is full");
          }
        };
    assertThatThrownBy(() -> train("1.0", 10, full)).hasMessage("the disk is full");
  }

  // ---- MNIST

  @ParameterizedTest
  @CsvSource({"1.0, 2000, 0.92", "2.1, 2000, 0.97"})
  void reachesTheTutorialsAccuracyOnMnist(String stage, int iterations, float accuracy)
      throws Exception {
    TrainingResult outcome =
        train(stage, Stages.named(stage).defaults(0), iterations, TestData.mnist(), NOBODY);
    assertThat(outcome.best().orElseThrow().measurement().accuracy())
        .isGreaterThanOrEqualTo(accuracy);
  }
}
