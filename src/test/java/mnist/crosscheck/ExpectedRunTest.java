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
import mnist.data.LabeledImages;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Java's measurements against Python's recorded ones, without Python. oneDNN is off here. */
class ExpectedRunTest {
  private static final Path EXPECTED = Path.of("python-reference", "expected");
  private static final Platform OTHER = new Platform(64, Set.of("neon"));
  private static final boolean SAME_KERNELS = true;
  private static final boolean OTHER_KERNELS = false;
  private static final int LIMIT = 6;
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

  /** Of 4.2 only 20 steps and of 5.0 none: {@code make crosscheck} trains them further. */
  @ParameterizedTest
  @CsvSource({
    "1.0, 6", "2.0, 6", "2.1, 6", "2.2, 6", "3.0, 6", "3.1, 6", "4.0, 6", "4.1, 6", "4.2, 3",
    "5.0, 2"
  })
  void trainsLikePython(String name, int limit) throws Exception {
    ExpectedRun expected = expected(name, false);
    ExpectedRun.Run run = expected.train(Stages.named(name), mnist, limit);
    boolean sameKernels = Platform.current(false).equals(expected.platform());
    assertThat(expected.firstDifference(run, limit, sameKernels)).isEmpty();
    // Python's run with oneDNN stands in for one on another processor.
    assertThat(expected(name, true).firstDifference(run, limit, OTHER_KERNELS)).isEmpty();
  }

  // ---- Other kernels differ this much, faults more

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1", "4.2", "5.0"})
  void allMeasurementsWithOtherKernelsAreWithinTheBounds(String stage) throws Exception {
    ExpectedRun off = expected(stage, false);
    ExpectedRun on = expected(stage, true);
    assertThat(off.firstDifference(on.measurements(), OTHER_KERNELS)).isEmpty();
    assertThat(on.firstDifference(off.measurements(), OTHER_KERNELS)).isEmpty();
  }

  @Test
  void otherKernelsAreNotTheSameKernels() throws Exception {
    List<Measurement> oneDnn = expected("2.2", true).measurements();
    assertThat(expected("2.2", false).firstDifference(oneDnn, SAME_KERNELS)).isPresent();
  }

  /** 2.1 is 2.2 without dropout, with equal weights, batches and learning rates. */
  @Test
  void reportsMissingDropout() throws Exception {
    assertFaultIsReported("2.2", expected("2.1", false).measurements());
    assertFaultIsReported("2.2", expected("2.1", true).measurements());
  }

  /**
   * Recorded runs of the Python scripts with a fault that neither the initial weights nor the
   * learning rate of the measurements shows.
   */
  @ParameterizedTest
  @CsvSource({
    "2.0, learning-rate-times-1.5",
    "2.2, learning-rate-times-1.5",
    "3.1, strides-swapped"
  })
  void reportsARecordedFault(String stage, String fault) throws Exception {
    String file = "fault-" + stage + "-" + fault + ".jsonl";
    List<Measurement> measured = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("src/test/resources/mnist/crosscheck", file))) {
      measured.add(ReferenceJson.read(ReferenceJson.OBJECTS, line, Measurement.class, file));
    }
    assertFaultIsReported(stage, measured);
  }

  /** Early, and also if only the measurements after the early ones show the fault. */
  private static void assertFaultIsReported(String stage, List<Measurement> faulty)
      throws Exception {
    ExpectedRun expected = expected(stage, false);
    assertThat(expected.firstDifference(faulty, OTHER_KERNELS)).isPresent();
    List<Measurement> later = new ArrayList<>(faulty);
    later.replaceAll(m -> m.iteration() <= 20 ? expected.measurements().get(faulty.indexOf(m)) : m);
    assertThat(expected.firstDifference(later, OTHER_KERNELS)).isPresent();
  }

  // ---- Faults are reported early, even with the bounds for other processors

  /** Stage 2.2 with variable hyperparameters. */
  private record Variant(float bias, float pkeep, float start, float decaySteps, float adamFactor) {
    static final Variant CORRECT = new Variant(0.1f, 0.75f, 0.003f, 2000, 1);

    Stage stage(Schedule schedule) {
      return new Stage("2.2", "", schedule, 0, Stage.Architecture.DENSE) {
        @Override
        protected void setDefaults(Hyperparameters defaults) {
          defaults.keepProbability = pkeep;
        }

        @Override
        protected void build(NetworkBuilder net) {
          Variant.this.build(net);
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
      net.trainStep(new Adam(net.graph(), tf.math.mul(lr, tf.constant(adamFactor))), loss);
    }
  }

  @Test
  void acceptsTheCorrectHyperparameters() throws Exception {
    assertThat(difference(Variant.CORRECT.stage(SCHEDULE), mnist)).isEmpty();
  }

  @Test
  void reportsAMissingMeasurement() throws Exception {
    assertThat(difference(Variant.CORRECT.stage(Schedule.upTo(0).measuring(20, 100)), mnist))
        .hasValue("measured 4 times, expected 6");
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        argumentSet("biases", new Variant(0.11f, 0.75f, 0.003f, 2000, 1), "initial weights"),
        argumentSet("dropout", new Variant(0.1f, 0.7f, 0.003f, 2000, 1), "different loss"),
        argumentSet("start", new Variant(0.1f, 0.75f, 0.0031f, 2000, 1), "different learning rate"),
        argumentSet("decay", new Variant(0.1f, 0.75f, 0.003f, 1900, 1), "different learning rate"),
        // The node lr is correct, but the optimizer takes larger steps.
        argumentSet("step", new Variant(0.1f, 0.75f, 0.003f, 2000, 1.05f), "different loss"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void reportsAWrongHyperparameter(Variant variant, String message) throws Exception {
    assertThat(difference(variant.stage(SCHEDULE), mnist)).get(STRING).contains(message);
  }

  @Test
  void reportsADifferentOrderOfImages() throws Exception {
    LabeledImages images = mnist.training();
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
            new LabeledImages(pixels, labels),
            mnist.test(),
            DataSet.DIGITS,
            mnist.sha256());
    assertThat(difference(Stages.named("2.2"), reversed)).get(STRING).contains("different loss");
  }

  private static Optional<String> difference(Stage stage, DataSet data) throws Exception {
    return expected("2.2", false).firstDifference(stage, data, LIMIT, OTHER);
  }

  // ---- Every field counts

  /** Whether a change to one of Python's measurements is reported. */
  private static boolean isReported(
      boolean sameKernels, int which, UnaryOperator<Measurement> change) throws Exception {
    return isReported("2.2", sameKernels, which, change);
  }

  private static boolean isReported(
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

  private static UnaryOperator<Measurement> plusLoss(float more) {
    return m -> with(m, m.accuracy(), m.loss() + more, m.learningRate());
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
  void iterationEpochSetAndLearningRateMustAlwaysBeEqual(int which) throws Exception {
    List<UnaryOperator<Measurement>> changes =
        List.of(
            m -> at(m, m.iteration() + 1, m.epoch(), m.set()),
            m -> at(m, m.iteration(), m.epoch() + 1, m.set()),
            m -> at(m, m.iteration(), m.epoch(), m.set() == TRAIN ? TEST : TRAIN),
            m -> with(m, m.accuracy(), m.loss(), m.learningRate() * 1.0001f));
    for (UnaryOperator<Measurement> change : changes) {
      assertThat(isReported(true, which, change)).isTrue();
      assertThat(isReported(false, which, change)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 100, LAST})
  void withTheSameKernelsLossAndAccuracyMustBeEqual(int which) throws Exception {
    assertThat(isReported(true, which, loss(1 + 6e-8))).isFalse(); // one unit in the last place
    assertThat(isReported(true, which, loss(1 + 3e-7))).isTrue();
    assertThat(isReported(true, which, loss(Double.NaN))).isTrue();
    assertThat(isReported(true, which, accuracy(0.0001))).isTrue();
  }

  @Test
  void withOtherKernelsTheyMayDriftApart() throws Exception {
    int atFirst = 0;
    assertThat(isReported(false, atFirst, loss(1 + 2e-5))).isTrue();
    assertThat(isReported(false, atFirst, accuracy(0.01))).isTrue();

    int batch = 2;
    int test = 3;
    assertThat(isReported(false, batch, loss(1.01))).isFalse();
    assertThat(isReported(false, batch, loss(1.03))).isTrue();
    assertThat(isReported(false, batch, loss(0.97))).isTrue();
    assertThat(isReported(false, batch, accuracy(0.01))).isFalse();
    assertThat(isReported(false, batch, accuracy(-0.02))).isTrue();
    assertThat(isReported(false, test, accuracy(0.001))).isFalse();
    assertThat(isReported(false, test, accuracy(0.0012))).isTrue();

    assertThat(isReported(false, 100, loss(Double.NaN))).isTrue();
    assertThat(isReported(false, 100, plusLoss(17))).isFalse();
    assertThat(isReported(false, 100, plusLoss(19))).isTrue();
    assertThat(isReported(false, 100, accuracy(-0.09))).isTrue();
    assertThat(isReported(false, LAST, accuracy(-0.002))).isFalse();
    assertThat(isReported(false, LAST, accuracy(-0.004))).isTrue();

    assertThat(isReported("4.1", false, batch, loss(1.05))).isFalse();
    assertThat(isReported("4.1", false, batch, loss(1.11))).isTrue();
    assertThat(isReported("4.1", false, test, accuracy(0.004))).isFalse();
    assertThat(isReported("4.1", false, test, accuracy(-0.009))).isTrue();
  }

  // ---- Unusable files

  @TempDir Path folder;

  private void assertRejected(String from, String to, String... message) throws Exception {
    String good = Files.readString(EXPECTED.resolve("onednn-off/1.0.json"));
    assertThat(good).contains(from);
    Path file = Files.createDirectories(folder.resolve("onednn-off")).resolve("1.0.json");
    Files.writeString(file, good.replaceFirst(Pattern.quote(from), to));
    assertThatExceptionOfType(CrossCheckException.class)
        .isThrownBy(() -> ExpectedRun.read(folder, false, Stages.named("1.0"), mnist))
        .satisfies(
            e -> assertThat(e.getMessage()).contains("1.0.json").contains(message).hasLineCount(1));
  }

  @Test
  void rejectsADamagedFileAndADifferentRun() throws Exception {
    assertRejected("[0, 1,", "[0 1,", "is damaged at character");
    assertRejected(", 0.005],", "],", "has no usable measurements[0].learning_rate");
    assertRejected("\"TRAIN\"", "\"TRIAN\"", "has no usable measurements[0]");
    assertRejected("cpu_flags", "flags", "has no usable platform.cpu_flags");
    assertRejected("\"iterations\": 2000", "\"iterations\": 20000", "is 20000, expected 2000");
    assertRejected("ba891046", "00000000", "SHA-256 of train-images-idx3-ubyte is 00000000");
  }
}
