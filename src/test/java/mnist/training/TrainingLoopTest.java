package mnist.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import mnist.Stages;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.data.DataSets;
import mnist.data.DataSource;
import mnist.network.Choices;
import mnist.network.NetworkBuilder;
import mnist.training.Measurement.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;

class TrainingLoopTest {
  private static DataSet digits;

  @BeforeAll
  static void drawDigits() throws Exception {
    digits = TestData.drawnDigits();
  }

  private static final TrainingListener NOBODY = new TrainingListener() {};

  private static Outcome train(
      String name, Choices choices, int iterations, DataSet data, TrainingListener listener)
      throws Exception {
    return train(name, choices, iterations, data, listener, new AtomicBoolean());
  }

  private static Outcome train(
      String name,
      Choices choices,
      int iterations,
      DataSet data,
      TrainingListener listener,
      AtomicBoolean stop)
      throws Exception {
    Stage stage = Stages.named(name);
    try (Graph graph = new Graph()) {
      NetworkBuilder net = new NetworkBuilder(graph, choices);
      stage.build(net);
      try (TrainingLoop loop =
          new TrainingLoop(
              stage.script().withIterations(iterations),
              net.network(),
              data,
              100,
              choices.seed())) {
        return loop.run(listener, stop::get);
      }
    }
  }

  /** Keeps what it hears. */
  private static final class Heard implements TrainingListener {
    final List<Measurement> measurements = new ArrayList<>();
    int steps;

    @Override
    public void measured(Measurement measurement) {
      measurements.add(measurement);
    }

    @Override
    public void stepped(int iteration, long nanos) {
      assertThat(iteration).isEqualTo(steps++);
      assertThat(nanos).isPositive();
    }

    List<Integer> iterations(Set set) {
      return measurements.stream().filter(m -> m.set() == set).map(Measurement::iteration).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1"})
  void aFewDozenStepsLowerTheLoss(String stage) throws Exception {
    Heard heard = new Heard();
    train(stage, Choices.ofTheScript(0), 100, digits, heard);
    List<Measurement> tests = heard.measurements.stream().filter(m -> m.set() == Set.TEST).toList();
    Measurement first = tests.get(0);
    Measurement last = tests.get(tests.size() - 1);
    assertThat(last.iteration()).isEqualTo(100);
    assertThat(last.loss()).isLessThan(first.loss() * 0.9f);
    assertThat(last.accuracy()).isGreaterThan(first.accuracy() + 0.1f);
    assertThat(heard.steps).isEqualTo(101);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.2", "3.1"})
  void equalSeedsGiveEqualWeights(String stage) throws Exception {
    String first = train(stage, Choices.ofTheScript(7), 30, digits, NOBODY).weightsSha256();
    String again = train(stage, Choices.ofTheScript(7), 30, digits, NOBODY).weightsSha256();
    String other = train(stage, Choices.ofTheScript(8), 30, digits, NOBODY).weightsSha256();
    assertThat(again).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
  }

  @Test
  void aListenerChangesNothing() throws Exception {
    String alone = train("2.2", Choices.ofTheScript(0), 60, digits, NOBODY).weightsSha256();
    Heard heard = new Heard();
    assertThat(train("2.2", Choices.ofTheScript(0), 60, digits, heard).weightsSha256())
        .isEqualTo(alone);
    assertThat(heard.measurements).isNotEmpty();
  }

  @Test
  void measuresWhenTheScriptsDo() throws Exception {
    Heard softmax = new Heard();
    train("1.0", Choices.ofTheScript(0), 100, digits, softmax);
    assertThat(softmax.iterations(Set.TRAIN))
        .containsExactly(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100);
    assertThat(softmax.iterations(Set.TEST)).containsExactly(0, 10, 20, 30, 40, 50, 100);
    assertThat(softmax.measurements).allMatch(m -> m.learningRate() == 0.005f);

    Heard convolutional = new Heard();
    train("3.0", Choices.ofTheScript(0), 20, digits, convolutional);
    assertThat(convolutional.iterations(Set.TRAIN)).containsExactly(0, 10, 20);
    assertThat(convolutional.iterations(Set.TEST)).containsExactly(0);
  }

  @Test
  void learningRateDecaysWithTheStep() throws Exception {
    Heard heard = new Heard();
    train("2.1", Choices.ofTheScript(0), 40, digits, heard);
    for (Measurement m : heard.measurements) {
      double expected = 0.0001 + 0.003 * Math.exp(-m.iteration() / 2000.0);
      assertThat((double) m.learningRate())
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-9));
    }
  }

  @Test
  void epochsCountTimesThroughTheImages() throws Exception {
    Heard heard = new Heard();
    train("1.0", Choices.ofTheScript(0), 1200, digits, heard);
    for (Measurement m : heard.measurements) {
      assertThat(m.epoch()).isEqualTo(m.iteration() / 600 + 1);
    }
  }

  @Test
  void keepsTheBestAndTheLastTestMeasurement() throws Exception {
    Heard heard = new Heard();
    Outcome outcome = train("1.0", Choices.ofTheScript(0), 300, digits, heard);
    List<Measurement> tests = heard.measurements.stream().filter(m -> m.set() == Set.TEST).toList();
    float best = (float) tests.stream().mapToDouble(Measurement::accuracy).max().orElseThrow();
    assertThat(outcome.best().orElseThrow().accuracy()).isEqualTo(best);
    assertThat(outcome.last()).contains(tests.get(tests.size() - 1));
    assertThat(outcome.ending()).isEqualTo(Outcome.Ending.COMPLETED);

    int images = 0;
    for (int[] row : outcome.confusion().counts()) {
      for (int count : row) {
        images += count;
      }
    }
    assertThat(images).isEqualTo(10_000);
  }

  @Test
  void keepsTheWeightsOfTheBestTestMeasurement() throws Exception {
    // At so high a rate the accuracy goes up and down.
    Choices choices = new Choices(0, Optional.empty(), Optional.of(0.02f), Optional.empty());
    try (Trained all = new Trained("1.0", choices, 50)) {
      int best = all.outcome.best().orElseThrow().iteration();
      assertThat(best).isBetween(1, all.outcome.last().orElseThrow().iteration() - 1);

      // The measurement comes before the step of its iteration.
      try (Trained untilThen = new Trained("1.0", choices, best - 1)) {
        assertThat(all.loop.bestWeights()).isEqualTo(untilThen.loop.weights());
        assertThat(all.loop.weights()).isNotEqualTo(all.loop.bestWeights());
      }
    }
  }

  /** A loop that has run, still open. */
  private static final class Trained implements AutoCloseable {
    final Graph graph = new Graph();
    final TrainingLoop loop;
    final Outcome outcome;

    Trained(String name, Choices choices, int iterations) throws Exception {
      Stage stage = Stages.named(name);
      NetworkBuilder net = new NetworkBuilder(graph, choices);
      stage.build(net);
      loop =
          new TrainingLoop(
              stage.script().withIterations(iterations), net.network(), digits, 100, 0);
      outcome = loop.run(NOBODY, () -> false);
    }

    @Override
    public void close() {
      loop.close();
      graph.close();
    }
  }

  @Test
  void stopsAfterTheStepInWhichItWasAsked() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    TrainingListener stopper =
        new TrainingListener() {
          @Override
          public void stepped(int iteration, long nanos) {
            stop.set(iteration == 25);
          }
        };
    Outcome outcome = train("1.0", Choices.ofTheScript(0), 1000, digits, stopper, stop);
    assertThat(outcome.ending()).isEqualTo(Outcome.Ending.INTERRUPTED);
    assertThat(outcome.steps()).isEqualTo(26);
    assertThat(outcome.last().orElseThrow().iteration()).isEqualTo(20);
  }

  @Test
  void aLossThatIsNoNumberStopsTheTraining() {
    Choices runaway = new Choices(0, Optional.empty(), Optional.of(1e30f), Optional.empty());
    assertThatThrownBy(() -> train("1.0", runaway, 1000, digits, NOBODY))
        .isInstanceOf(TrainingException.class)
        .hasMessageMatching(".*not a number.* at step \\d+; .*--learning-rate");
  }

  @ParameterizedTest
  @CsvSource({"1.0, 2000, 0.92", "2.1, 2000, 0.97"})
  @EnabledIfEnvironmentVariable(named = "MNIST_DATA", matches = ".+")
  void reachesTheTutorialsAccuracyOnMnist(String stage, int iterations, float accuracy)
      throws Exception {
    DataSet mnist =
        DataSets.ofThisProject(TestData.SILENT).open(DataSource.MNIST, Optional.empty());
    Outcome outcome = train(stage, Choices.ofTheScript(0), iterations, mnist, NOBODY);
    assertThat(outcome.best().orElseThrow().accuracy()).isGreaterThanOrEqualTo(accuracy);
  }
}
