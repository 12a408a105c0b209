package mnist.crosscheck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.platform.Versions;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;

/**
 * What a run of a Python script found, kept in {@code python-reference/expected} by
 * keep_expected.py, once without and once with oneDNN's kernels. The runs are full ones, of the
 * stages that take many minutes the beginning.
 *
 * @param conditions what it is a run of
 * @param platform what it ran on
 * @param initialWeightsSha256 hexadecimal digits
 * @param measurements all of the run
 */
public record ExpectedRun(
    Conditions conditions,
    Platform platform,
    String initialWeightsSha256,
    List<Measurement> measurements) {

  /**
   * What decides which kernels TensorFlow takes, and in which order they add up.
   *
   * @param processors that it shares its work out to, 0 if unknown
   * @param cpuFlags the instruction sets that matter
   */
  public record Platform(int processors, Set<String> cpuFlags) {
    public Platform {
      cpuFlags = Set.copyOf(cpuFlags);
    }

    /** This machine. */
    public static Platform here() throws IOException {
      return new Platform(processorsHere(), Set.copyOf(Versions.cpuFlags()));
    }

    /** Where a container has a share of a larger machine, TensorFlow and Java count otherwise. */
    private static int processorsHere() throws IOException {
      int available = Runtime.getRuntime().availableProcessors();
      Path cpus = Path.of("/proc/cpuinfo");
      if (!Files.isReadable(cpus)) {
        return 0;
      }
      try (Stream<String> lines = Files.lines(cpus)) {
        long all = lines.filter(line -> line.startsWith("processor")).count();
        return all == available ? available : 0;
      }
    }
  }

  /**
   * How far a measurement may be from what was expected.
   *
   * @param loss relative
   * @param batchAccuracy a share of the batch
   * @param testAccuracy a share of the test set
   */
  private record Tolerance(double loss, double batchAccuracy, double testAccuracy) {}

  /** The same kernels: accuracies equal, losses but for their last bits. */
  private static final Tolerance EQUAL = new Tolerance(1e-5, 0, 0);

  /**
   * Kernels that differ in last bits, but no step in which that grew: one of 10,000 test images.
   */
  private static final Tolerance CLOSE = new Tolerance(1e-5, 0, 0.00011);

  /**
   * Other kernels round otherwise, and training makes ever more of it. Measured between the kernels
   * for SSE4.1, AVX2 and AVX-512, with oneDNN and without, on one, two and eight threads: up to
   * this iteration losses were at most 0.3% apart and accuracies equal, by iteration 160 losses
   * were 40% apart.
   */
  private static final int LAST_ITERATION_ELSEWHERE = 20;

  /** Up to there: 2%, one of a batch's 100 images, 10 of 10,000. */
  private static final Tolerance APART = new Tolerance(0.02, 0.01001, 0.00101);

  /** The stages whose ReLUs start with steps of 0.02 and more, which makes more of it sooner. */
  private static final Set<String> LARGE_STEPS = Set.of("4.1", "4.2");

  /**
   * In these. Measured were, between AVX2 and AVX-512 on one and two threads, 4.4%, 2 of 100 images
   * and 36 of 10,000.
   */
  private static final Tolerance FURTHER_APART = new Tolerance(0.1, 0.04001, 0.00801);

  /** After that, iterations, epochs and learning rates are still the same. */
  private static final Tolerance ANYTHING = new Tolerance(Double.MAX_VALUE, 1, 1);

  /** And full trainings end within 0.3 points of the test accuracy. */
  private static final Tolerance FINAL = new Tolerance(Double.MAX_VALUE, 1, 0.003);

  /** Relative: a power may differ in its last bit. */
  private static final double LEARNING_RATE_BOUND = 1e-6;

  /**
   * Reads {@code onednn-on/<stage>.json} or {@code onednn-off/<stage>.json}.
   *
   * @param folder python-reference/expected
   * @param oneDnn which of them
   * @throws CrossCheckException if it is damaged, or no run of this stage on this data
   */
  public static ExpectedRun read(Path folder, boolean oneDnn, Stage stage, DataSet data)
      throws IOException, CrossCheckException {
    Path file = folder.resolve(oneDnn ? "onednn-on" : "onednn-off").resolve(stage.name() + ".json");
    ExpectedRun run = Json.read(Json.ARRAYS, Files.readString(file), ExpectedRun.class, file);
    int iterations = Math.min(run.conditions.iterations(), stage.schedule().iterations());
    Conditions.defaultValue(stage, iterations, data).refuseOther(file, run.conditions);
    return run;
  }

  /** What a comparison here leaves out, to be added to its result; empty if nothing. */
  public String reach(Platform here) {
    return here.equals(platform)
        ? ""
        : " up to iteration %d; from there on processors differ, and Python ran on another"
            .formatted(LAST_ITERATION_ELSEWHERE);
  }

  /**
   * Trains the stage and compares.
   *
   * @param most so many of the first measurements are compared, all if there are no more
   * @param here what this machine is; on another than Python ran on, only the first iterations are
   *     compared, and the final accuracy if all are asked for
   * @return empty if all is as expected, else one line about the first difference
   */
  public Optional<String> firstDifference(Stage stage, DataSet data, int most, Platform here)
      throws IOException {
    boolean sameKernels = here.equals(platform);
    boolean all =
        most >= measurements.size() && conditions.iterations() == stage.schedule().iterations();
    int last =
        all
            ? conditions.iterations()
            : Math.min(
                measurements.get(Math.min(most, measurements.size()) - 1).iteration(),
                sameKernels ? conditions.iterations() : LAST_ITERATION_ELSEWHERE);
    List<Measurement> found = new ArrayList<>();
    try (Network network = stage.network(conditions.seed());
        TrainingLoop loop =
            new TrainingLoop(
                stage.schedule().withIterations(last), network, data, conditions.batchSize())) {
      String initial = loop.weights().sha256();
      if (!initial.equals(initialWeightsSha256)) {
        return Optional.of("the initial weights have the SHA-256 " + initial);
      }
      loop.run(TrainingListener.keeping(found), () -> false);
    } catch (TrainingException e) {
      return Optional.of(e.getMessage());
    }
    long due = measurements.stream().filter(m -> m.iteration() <= last).count();
    return found.size() == due
        ? firstDifference(found, sameKernels)
        : Optional.of("measured %d times, expected %d".formatted(found.size(), due));
  }

  /** Compares measurements from the first on, as many as were made. */
  Optional<String> firstDifference(List<Measurement> found, boolean sameKernels) {
    for (int i = 0; i < found.size(); i++) {
      Measurement expected = measurements.get(i);
      Tolerance may = sameKernels ? onSameKernels() : elsewhere(expected);
      Optional<String> field = difference(found.get(i), expected, may);
      if (field.isPresent()) {
        return Optional.of(
            "another %s: found %s, expected %s".formatted(field.get(), found.get(i), expected));
      }
    }
    return Optional.empty();
  }

  /** In stage 1.0, one kernel (Reciprocal) differs between Java's TensorFlow and Python's. */
  private Tolerance onSameKernels() {
    return conditions.stage().equals("1.0") ? CLOSE : EQUAL;
  }

  private Tolerance elsewhere(Measurement expected) {
    if (expected.iteration() > LAST_ITERATION_ELSEWHERE) {
      return expected.equals(measurements.get(measurements.size() - 1)) ? FINAL : ANYTHING;
    }
    if (expected.iteration() == 0) {
      return CLOSE;
    }
    return LARGE_STEPS.contains(conditions.stage()) ? FURTHER_APART : APART;
  }

  /** Which field differs by more than it may. */
  private static Optional<String> difference(
      Measurement found, Measurement expected, Tolerance may) {
    if (found.iteration() != expected.iteration()) {
      return Optional.of("iteration");
    }
    if (found.set() != expected.set()) {
      return Optional.of("set");
    }
    if (found.epoch() != expected.epoch()) {
      return Optional.of("epoch");
    }
    if (!near(found.learningRate(), expected.learningRate(), LEARNING_RATE_BOUND)) {
      return Optional.of("learning rate");
    }
    if (!near(found.loss(), expected.loss(), may.loss)) {
      return Optional.of("loss");
    }
    double apart = Math.abs((double) found.accuracy() - expected.accuracy());
    return apart <= (found.set() == Split.TRAIN ? may.batchAccuracy : may.testAccuracy)
        ? Optional.empty()
        : Optional.of("accuracy");
  }

  private static boolean near(double found, double expected, double relative) {
    return Math.abs(found - expected) <= relative * expected;
  }
}
