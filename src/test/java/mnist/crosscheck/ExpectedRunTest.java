package mnist.crosscheck;

import static mnist.data.Split.TEST;
import static mnist.data.Split.TRAIN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.Stages;
import mnist.TestData;
import mnist.crosscheck.ExpectedRun.Platform;
import mnist.data.DataSet;
import mnist.data.LabelledImages;
import mnist.data.Split;
import mnist.nn.Adam;
import mnist.nn.Hyperparameters;
import mnist.nn.NetworkBuilder;
import mnist.training.Measurement;
import mnist.training.Schedule;
import mnist.training.Stage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Java's numbers against those that Python found, without Python. oneDNN is off here. */
class ExpectedRunTest {
  private static final Path EXPECTED = Path.of("python-reference", "expected");
  private static final Platform ELSEWHERE = new Platform(64, Set.of("neon"));
  private static final int FEW = 6;
  private static final int LAST = -1;
  private static final Schedule SCHEDULE = Stages.named("2.2").schedule();

  private static DataSet mnist;

  @BeforeAll
  static void openMnist() throws IOException {
    mnist = TestData.mnist();
  }

  private static ExpectedRun expected(String stage, boolean oneDnn) throws Exception {
    return ExpectedRun.read(EXPECTED, oneDnn, Stages.named(stage), mnist);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1", "4.2", "5.0"})
  void trainsAsPythonDid(String name) throws Exception {
    Stage stage = Stages.named(name);
    Platform here = Platform.here();
    assertThat(expected(name, false).firstDifference(stage, mnist, FEW, here)).isEmpty();
    // What Python found with oneDNN stands in for what another processor would find.
    assertThat(expected(name, true).firstDifference(stage, mnist, FEW, ELSEWHERE)).isEmpty();
  }

  // ---- Faults are found, even with the bounds for another processor

  /** Stage 2.2, with some of its numbers open. */
  private record Numbers(float bias, float pkeep, float start, float decaySteps, float adams) {
    static final Numbers RIGHT = new Numbers(0.1f, 0.75f, 0.003f, 2000, 1);

    Stage stage(Schedule schedule) {
      return new Stage("2.2", "", schedule, 0, Stage.Architecture.DENSE) {
        @Override
        protected void setDefaults(Hyperparameters defaults) {
          defaults.keepProbability = pkeep;
        }

        @Override
        protected void build(NetworkBuilder net) {
          Numbers.this.build(net);
        }
      };
    }

    private void build(NetworkBuilder net) {
      Ops tf = net.tf();
      var X = net.images();
      var Y_ = net.labels();
      var step = net.step();
      var keep = net.keepProbability();
      int[] neurons = {784, 200, 100, 60, 30, 10};
      List<Operand<TFloat32>> W = new ArrayList<>();
      List<Operand<TFloat32>> B = new ArrayList<>();
      for (int i = 1; i <= 5; i++) {
        W.add(net.weights("W" + i, neurons[i - 1], neurons[i]));
        B.add(net.biases("B" + i, i < 5 ? bias : 0, neurons[i]));
      }
      Operand<TFloat32> Y = tf.reshape(X, tf.constant(new int[] {-1, 784}));
      for (int i = 1; i <= 4; i++) {
        var sum = tf.math.add(tf.linalg.matMul(Y, W.get(i - 1)), B.get(i - 1));
        Y = net.dropout("Y" + i + "d", tf.withName("Y" + i).nn.relu(sum), keep);
      }
      var logits = tf.withName("Ylogits").math.add(tf.linalg.matMul(Y, W.get(4)), B.get(4));
      var loss = net.crossEntropy(logits, Y_);
      net.accuracy(tf.withName("Y").nn.softmax(logits), Y_);
      var lr = net.decayingLearningRate(step, 0.0001f, start, decaySteps);
      net.trainStep(new Adam(net.graph(), tf.math.mul(lr, tf.constant(adams))), loss);
    }
  }

  @Test
  void stage22IsRightWithItsOwnNumbers() throws Exception {
    assertThat(difference(Numbers.RIGHT.stage(SCHEDULE), mnist)).isEmpty();
  }

  @Test
  void aMissingMeasurementIsFound() throws Exception {
    assertThat(difference(Numbers.RIGHT.stage(Schedule.upTo(0).measuring(20, 100)), mnist))
        .hasValue("measured 3 times, expected 4");
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        argumentSet("biases", new Numbers(0.11f, 0.75f, 0.003f, 2000, 1), "initial weights"),
        argumentSet("dropout", new Numbers(0.1f, 0.7f, 0.003f, 2000, 1), "another loss"),
        argumentSet("start", new Numbers(0.1f, 0.75f, 0.0031f, 2000, 1), "another learning rate"),
        argumentSet("decay", new Numbers(0.1f, 0.75f, 0.003f, 1900, 1), "another learning rate"),
        // What the node lr says is right, but the step is another.
        argumentSet("step", new Numbers(0.1f, 0.75f, 0.003f, 2000, 1.05f), "another loss"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aWrongNumberIsFound(Numbers numbers, String told) throws Exception {
    assertThat(difference(numbers.stage(SCHEDULE), mnist)).get(STRING).contains(told);
  }

  @Test
  void anotherOrderOfImagesIsFound() throws Exception {
    LabelledImages images = mnist.training();
    int count = images.count();
    byte[] pixels = new byte[images.pixels().length];
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = images.labels()[count - 1 - i];
      System.arraycopy(images.pixels(), (count - 1 - i) * 784, pixels, i * 784, 784);
    }
    DataSet reversed =
        new DataSet(
            "mnist",
            "",
            new LabelledImages(pixels, labels),
            mnist.test(),
            DataSet.DIGITS,
            mnist.sha256());
    assertThat(difference(Stages.named("2.2"), reversed)).get(STRING).contains("another loss");
  }

  private static Optional<String> difference(Stage stage, DataSet data) throws Exception {
    return expected("2.2", false).firstDifference(stage, data, FEW, ELSEWHERE);
  }

  // ---- Every field counts

  /** What Python measured, with one number changed in one measurement: is it found? */
  private static boolean isFound(boolean sameKernels, int which, UnaryOperator<Measurement> change)
      throws Exception {
    return isFound("2.2", sameKernels, which, change);
  }

  private static boolean isFound(
      String stage, boolean sameKernels, int which, UnaryOperator<Measurement> change)
      throws Exception {
    ExpectedRun expected = expected(stage, false);
    List<Measurement> found = new ArrayList<>(expected.measurements());
    assertThat(expected.firstDifference(found, sameKernels)).isEmpty();
    int place = Math.floorMod(which, found.size());
    found.set(place, change.apply(found.get(place)));
    return expected.firstDifference(found, sameKernels).isPresent();
  }

  private static UnaryOperator<Measurement> loss(double factor) {
    return m -> with(m, m.accuracy(), (float) (m.loss() * factor), m.learningRate());
  }

  private static UnaryOperator<Measurement> accuracy(double more) {
    return m -> with(m, (float) (m.accuracy() + more), m.loss(), m.learningRate());
  }

  private static Measurement with(Measurement m, float accuracy, float loss, float learningRate) {
    return new Measurement(m.iteration(), m.epoch(), m.set(), accuracy, loss, learningRate);
  }

  private static Measurement at(Measurement m, int iteration, int epoch, Split set) {
    return new Measurement(iteration, epoch, set, m.accuracy(), m.loss(), m.learningRate());
  }

  /** The first measurements are: batch and test set at 0, at 20, at 40 … */
  @ParameterizedTest
  @ValueSource(ints = {0, 3, 100, LAST})
  void iterationEpochSetAndLearningRateAreEqualEverywhere(int which) throws Exception {
    List<UnaryOperator<Measurement>> changes =
        List.of(
            m -> at(m, m.iteration() + 1, m.epoch(), m.set()),
            m -> at(m, m.iteration(), m.epoch() + 1, m.set()),
            m -> at(m, m.iteration(), m.epoch(), m.set() == TRAIN ? TEST : TRAIN),
            m -> with(m, m.accuracy(), m.loss(), m.learningRate() * 1.0001f));
    for (UnaryOperator<Measurement> change : changes) {
      assertThat(isFound(true, which, change)).isTrue();
      assertThat(isFound(false, which, change)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 100, LAST})
  void onTheSameProcessorLossAndAccuracyAreClose(int which) throws Exception {
    assertThat(isFound(true, which, loss(1 + 5e-6))).isFalse();
    assertThat(isFound(true, which, loss(1 + 2e-5))).isTrue();
    assertThat(isFound(true, which, loss(Double.NaN))).isTrue();
    assertThat(isFound(true, which, accuracy(0.0001))).isTrue();
  }

  @Test
  void onAnotherProcessorTheyMayDriftApart() throws Exception {
    int atFirst = 0;
    assertThat(isFound(false, atFirst, loss(1 + 2e-5))).isTrue();
    assertThat(isFound(false, atFirst, accuracy(0.01))).isTrue();

    int batch = 2;
    int test = 3;
    assertThat(isFound(false, batch, loss(1.01))).isFalse();
    assertThat(isFound(false, batch, loss(1.03))).isTrue();
    assertThat(isFound(false, batch, loss(0.97))).isTrue();
    assertThat(isFound(false, batch, accuracy(0.01))).isFalse();
    assertThat(isFound(false, batch, accuracy(-0.02))).isTrue();
    assertThat(isFound(false, test, accuracy(0.001))).isFalse();
    assertThat(isFound(false, test, accuracy(0.0012))).isTrue();

    assertThat(isFound(false, 100, loss(1.5))).isFalse();
    assertThat(isFound(false, LAST, accuracy(-0.002))).isFalse();
    assertThat(isFound(false, LAST, accuracy(-0.004))).isTrue();

    assertThat(isFound("4.1", false, batch, loss(1.05))).isFalse();
    assertThat(isFound("4.1", false, batch, loss(1.11))).isTrue();
    assertThat(isFound("4.1", false, test, accuracy(0.004))).isFalse();
    assertThat(isFound("4.1", false, test, accuracy(-0.009))).isTrue();
  }

  // ---- What is no expectation

  @TempDir Path folder;

  private void refused(String from, String to, String... told) throws Exception {
    String good = Files.readString(EXPECTED.resolve("onednn-off/1.0.json"));
    assertThat(good).contains(from);
    Path file = Files.createDirectories(folder.resolve("onednn-off")).resolve("1.0.json");
    Files.writeString(file, good.replaceFirst(Pattern.quote(from), to));
    assertThatExceptionOfType(CrossCheckException.class)
        .isThrownBy(() -> ExpectedRun.read(folder, false, Stages.named("1.0"), mnist))
        .satisfies(
            e -> assertThat(e.getMessage()).contains("1.0.json").contains(told).hasLineCount(1));
  }

  @Test
  void aDamagedFileOrARunOfSomethingElseIsRefused() throws Exception {
    refused("[0, 1,", "[0 1,", "is damaged at character");
    refused(", 0.005],", "],", "has no usable measurements[0].learning_rate");
    refused("\"TRAIN\"", "\"TRIAN\"", "has no usable measurements[0]");
    refused("cpu_flags", "flags", "has no usable platform.cpu_flags");
    refused("\"iterations\": 2000", "\"iterations\": 20000", "is 20000, expected 2000");
    refused("ba891046", "00000000", "SHA-256 of train-images-idx3-ubyte is 00000000");
  }
}
