package mnist.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import mnist.Stages;
import mnist.TestData;
import mnist.app.AsyncListener;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Hyperparameters;
import mnist.nn.Network;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.GraphOperation;
import org.tensorflow.proto.DataType;

class TrainingLoopTest {
  private static final TrainingListener NO_LISTENER = new TrainingListener() {};

  private static DataSet digits;

  @BeforeAll
  static void selectDigits() throws Exception {
    digits = firstDigits(1000, 300);
  }

  private static DataSet firstDigits(int training, int test) throws Exception {
    DataSet all = TestData.drawnDigits();
    return new DataSet(
        all.name(),
        all.source(),
        all.training().first(training),
        all.test().first(test),
        all.classNames(),
        all.sha256());
  }

  private static TrainingResult train(String stage, int iterations, TrainingListener listener)
      throws Exception {
    return train(stage, Stages.named(stage).defaults(0), iterations, listener);
  }

  private static TrainingResult train(
      String name, Hyperparameters hyperparameters, int iterations, TrainingListener listener)
      throws Exception {
    Stage stage = Stages.named(name);
    Schedule schedule = stage.schedule().withIterations(iterations);
    try (Network network = stage.network(hyperparameters);
        TrainingLoop loop = new TrainingLoop(schedule, network, digits, 100)) {
      return loop.run(listener, () -> false);
    }
  }

  private static Hyperparameters withLearningRate(float rate) {
    Hyperparameters hyperparameters = new Hyperparameters();
    hyperparameters.learningRate = rate;
    return hyperparameters;
  }

  private static List<Measurement> only(Split split, List<Measurement> all) {
    return all.stream().filter(m -> m.set() == split).toList();
  }

  private static List<Integer> iterations(Split split, List<Measurement> all) {
    return only(split, all).stream().map(Measurement::iteration).toList();
  }

  // ---- Training and measuring

  @ParameterizedTest
  @ValueSource(strings = {"2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1"})
  void lossFallsWithinAFewDozenSteps(String stage) throws Exception {
    List<Measurement> measurements = new ArrayList<>();
    Schedule schedule = Schedule.upTo(100).measuring(20, 100);
    try (Network network = Stages.named(stage).network(0);
        TrainingLoop loop = new TrainingLoop(schedule, network, digits, 100)) {
      loop.run(TrainingListener.collecting(measurements), () -> false);
    }
    List<Measurement> tests = only(Split.TEST, measurements);
    assertThat(tests.get(1).loss()).isLessThan(tests.get(0).loss() * 0.9f);
    assertThat(tests.get(1).accuracy()).isGreaterThan(tests.get(0).accuracy() + 0.1f);
    assertThat(measurements)
        .allSatisfy(m -> assertThat(m.epoch()).isEqualTo(m.iteration() / 10 + 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.2", "3.1", "4.2", "5.0"})
  void equalSeedsGiveEqualWeights(String stage) throws Exception {
    int iterations = Stages.named(stage).isSlow() ? 1 : 10;
    List<String> weights = new ArrayList<>();
    for (long seed : new long[] {7, 7, 8}) {
      Hyperparameters hyperparameters = Stages.named(stage).defaults(seed);
      weights.add(train(stage, hyperparameters, iterations, NO_LISTENER).finalWeights().sha256());
    }
    assertThat(weights.get(1)).isEqualTo(weights.get(0));
    assertThat(weights.get(2)).isNotEqualTo(weights.get(0));
  }

  @Test
  void followsTheScheduleOfTheScripts() throws Exception {
    List<Measurement> softmax = new ArrayList<>();
    train("1.0", 100, TrainingListener.collecting(softmax));
    assertThat(iterations(Split.TRAIN, softmax))
        .containsExactly(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100);
    assertThat(iterations(Split.TEST, softmax)).containsExactly(0, 10, 20, 30, 40, 50, 100);
    assertThat(softmax).allMatch(m -> m.learningRate() == 0.005f);

    List<Measurement> convolutional = new ArrayList<>();
    train("3.0", 20, TrainingListener.collecting(convolutional));
    assertThat(iterations(Split.TRAIN, convolutional)).containsExactly(0, 10, 20);
    assertThat(iterations(Split.TEST, convolutional)).containsExactly(0);
    assertThat(convolutional)
        .allSatisfy(
            m ->
                assertThat((double) m.learningRate())
                    .isCloseTo(
                        0.0001 + 0.003 * Math.exp(-m.iteration() / 2000.0), Offset.offset(1e-9)));
  }

  @Test
  void reportsEveryStepAndItsDuration() throws Exception {
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

  // ---- The result

  @Test
  void resultHasTheBestAndTheLastTestMeasurement() throws Exception {
    List<Measurement> measurements = new ArrayList<>();
    // With a learning rate this high, accuracy goes up and down.
    TrainingResult result =
        train("1.0", withLearningRate(0.02f), 40, TrainingListener.collecting(measurements));
    List<Measurement> tests = only(Split.TEST, measurements);
    TrainingResult.Best best = result.best().orElseThrow();
    float highest = (float) tests.stream().mapToDouble(Measurement::accuracy).max().orElseThrow();
    assertThat(best.measurement().accuracy()).isEqualTo(highest);
    assertThat(result.last()).contains(tests.get(tests.size() - 1));
    assertThat(result.status()).isEqualTo(TrainingResult.Status.COMPLETED);

    // The confusion matrix is that of the best measurement.
    int[] perClass = new int[10];
    for (byte label : digits.test().labels()) {
      perClass[label]++;
    }
    for (int label = 0; label < 10; label++) {
      assertThat(IntStream.of(best.confusion().counts()[label]).sum()).isEqualTo(perClass[label]);
    }
    assertThat((float) best.confusion().correct() / digits.test().count()).isEqualTo(highest);

    // So are the weights; a measurement precedes the step of its iteration.
    int iteration = best.measurement().iteration();
    assertThat(iteration).isBetween(1, 39);
    TrainingResult shorter = train("1.0", withLearningRate(0.02f), iteration - 1, NO_LISTENER);
    assertThat(best.weights().values()).isEqualTo(shorter.finalWeights().values());
    assertThat(result.finalWeights().values()).isNotEqualTo(best.weights().values());
  }

  @Test
  void stopsAfterTheCurrentStep() throws Exception {
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
      TrainingResult result = loop.run(stopper, stop::get);
      assertThat(result.status()).isEqualTo(TrainingResult.Status.INTERRUPTED);
      assertThat(result.steps()).isEqualTo(26);
      assertThat(result.last().orElseThrow().iteration()).isEqualTo(20);
    }
  }

  @Test
  void theFinalWeightsAreMeasuredUnlessTheScheduleDidSo() throws Exception {
    Stage stage = Stages.named("3.0"); // the test set every 100 iterations
    for (int iterations : new int[] {50, 100}) {
      Schedule schedule = stage.schedule().withIterations(iterations);
      List<Measurement> measurements = new ArrayList<>();
      TrainingListener listener = TrainingListener.collecting(measurements);
      try (Network network = stage.network(0);
          TrainingLoop loop = new TrainingLoop(schedule, network, digits, 100)) {
        TrainingResult before = loop.run(listener, () -> false);
        int scheduled = measurements.size();
        TrainingResult result = loop.evaluateFinalWeights(before, listener);
        if (iterations == 100) {
          assertThat(result).isSameAs(before);
          assertThat(measurements).hasSize(scheduled);
        } else {
          assertThat(before.last().orElseThrow().iteration()).isZero();
          Measurement last = measurements.get(scheduled);
          assertThat(last.iteration()).isEqualTo(51).isEqualTo(result.steps());
          assertThat(result.last()).contains(last);
          assertThat(result.best().orElseThrow().measurement()).isEqualTo(last);
          assertThat(result.best().orElseThrow().weights().sha256())
              .isEqualTo(result.finalWeights().sha256());
        }
      }
    }
  }

  @Test
  void aLossThatIsNotANumberEndsTheTraining() {
    assertThatThrownBy(() -> train("1.0", withLearningRate(1e30f), 1000, NO_LISTENER))
        .isInstanceOf(TrainingException.class)
        .hasMessageMatching(".*not a number.* at step \\d+; .*--learning-rate");
  }

  // ---- Listeners

  /** Requests the variables, layers and results of a stage's graph. */
  private static final class RequestingListener implements TrainingListener {
    final Set<String> nodes = new TreeSet<>();
    int evaluations;

    RequestingListener(String stage) {
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
      evaluations++;
    }
  }

  @ParameterizedTest
  @CsvSource({"1.0, 60", "2.2, 40", "3.1, 20", "4.1, 40"})
  void listenersDoNotChangeTheNumbers(String stage, int iterations) throws Exception {
    List<Measurement> expected = new ArrayList<>();
    String weights =
        train(stage, iterations, TrainingListener.collecting(expected)).finalWeights().sha256();

    // One that requests tensors, and one that is detached since it never returns.
    RequestingListener requesting = new RequestingListener(stage);
    List<Measurement> measurements = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    CountDownLatch never = new CountDownLatch(1);
    TrainingListener blocked =
        new TrainingListener() {
          @Override
          public void onEvaluation(Evaluation evaluation) {
            awaitUninterrupted(never);
          }
        };
    try (AsyncListener async = new AsyncListener(blocked, Duration.ofMillis(10), failures::add)) {
      TrainingListener all =
          TrainingListener.all(
              List.of(TrainingListener.collecting(measurements), requesting, async));
      assertThat(train(stage, iterations, all).finalWeights().sha256()).isEqualTo(weights);
    }
    assertThat(measurements).isEqualTo(expected);
    assertThat(requesting.evaluations).isEqualTo(expected.size());
    assertThat(failures).hasSize(1);
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anEvaluationIsASnapshot() throws Exception {
    List<Evaluation> evaluations = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public Set<String> requestedTensors(Split split) {
            return split == Split.TEST ? Set.of("W", "Y") : Set.of("b");
          }

          @Override
          public void onEvaluation(Evaluation evaluation) {
            evaluations.add(evaluation);
          }
        };
    DataSet many = firstDigits(1000, 1200); // more test images than are measured at a time
    try (Network network = Stages.named("1.0").network(0);
        TrainingLoop loop = new TrainingLoop(Schedule.upTo(0), network, many, 100)) {
      loop.run(listener, () -> false);
    }

    Evaluation batch = evaluations.get(0);
    assertThat(batch.measurement().set()).isEqualTo(Split.TRAIN);
    assertThat(batch.images()).hasSize(100).doesNotHaveDuplicates();
    assertThat(batch.predicted()).hasSize(100);
    assertThat(batch.values("b").remaining()).isEqualTo(10);
    assertThatThrownBy(() -> batch.values("W")).hasMessageContaining("W was not requested");

    Evaluation test = evaluations.get(evaluations.size() - 1);
    assertThat(test.measurement().set()).isEqualTo(Split.TEST);
    assertThat(test.images()).startsWith(0, 1, 2).endsWith(1198, 1199);
    assertThat(test.values("W").remaining()).isEqualTo(7840);
    FloatBuffer y = test.values("Y");
    int correct = 0;
    for (int i = 0; i < 1200; i++) {
      correct += test.predicted()[i] == many.test().labels()[i] ? 1 : 0;
      float highest = y.get(10 * i + test.predicted()[i]);
      for (int c = 0; c < 10; c++) {
        assertThat(y.get(10 * i + c)).isLessThanOrEqualTo(highest);
      }
    }
    assertThat(correct / 1200f).isEqualTo(test.measurement().accuracy());

    test.predicted()[0] = -1;
    assertThat(test.predicted()[0]).isBetween(0, 9);
    assertThat(test.values("W").isReadOnly()).isTrue();
  }

  @Test
  void rejectsAnUnknownNodeBeforeTheTraining() {
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
  void aListenerThatFailsEndsTheTraining() {
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
    Schedule schedule = Schedule.upTo(iterations).measuring(iterations, iterations);
    try (Network network = Stages.named(stage).network(0);
        TrainingLoop loop = new TrainingLoop(schedule, network, TestData.mnist(), 100)) {
      TrainingResult result = loop.run(NO_LISTENER, () -> false);
      assertThat(result.last().orElseThrow().accuracy()).isGreaterThanOrEqualTo(accuracy);
    }
  }
}
