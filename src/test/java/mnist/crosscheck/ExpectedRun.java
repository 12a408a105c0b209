package mnist.crosscheck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.platform.Versions;
import mnist.training.Measurement;
import mnist.training.Schedule;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;

/**
 * The measurements of a Python script's run, which keep_expected.py stores in {@code
 * python-reference/expected}, once without and once with oneDNN's kernels. The runs are full ones;
 * of the stages that take many minutes, only the beginning.
 *
 * @param conditions of the run
 * @param platform where it ran
 * @param initialWeightsSha256 hexadecimal digits
 * @param measurements all of the run
 */
public record ExpectedRun(
    Conditions conditions,
    Platform platform,
    String initialWeightsSha256,
    List<Measurement> measurements) {

  /**
   * What decides which kernels TensorFlow selects, and in which order they add.
   *
   * @param processors that TensorFlow distributes its work over, 0 if unknown
   * @param cpuFlags the relevant instruction sets
   */
  public record Platform(int processors, Set<String> cpuFlags) {
    public Platform {
      cpuFlags = Set.copyOf(cpuFlags);
    }

    /**
     * This machine.
     *
     * @param oneDnn whether oneDNN's kernels run, which differ on processors with AVX-VNNI
     */
    public static Platform current(boolean oneDnn) throws IOException {
      Set<String> flags = new HashSet<>(Versions.cpuFlags());
      if (!oneDnn) {
        flags.remove("avx_vnni");
      }
      return new Platform(currentProcessors(), flags);
    }

    /** In a container with a share of a larger machine, TensorFlow and Java count differently. */
    private static int currentProcessors() throws IOException {
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

  /** What a training run in Java measured. */
  record Run(String initialWeightsSha256, List<Measurement> measurements) {}

  /**
   * How far a measurement may be from the expected one.
   *
   * @param relativeLoss the difference divided by the expected loss
   * @param batchAccuracy a fraction of the batch
   * @param testAccuracy a fraction of the test set
   */
  private record Tolerance(double relativeLoss, double batchAccuracy, double testAccuracy) {}

  /** The same kernels: equal accuracies, and losses within one unit in the last place. */
  private static final Tolerance EQUAL = new Tolerance(0x1p-23, 0, 0);

  /** Kernels that differ in last bits, before training amplifies that: one of 10,000 images. */
  private static final Tolerance CLOSE = new Tolerance(1e-5, 0, 0.00011);

  /**
   * Other kernels round differently, and training amplifies that. Between the kernels for SSE4.1,
   * AVX2 and AVX-512, with oneDNN and without, on one, two and eight threads, losses differed by at
   * most 0.3% up to this iteration, with equal accuracies; by iteration 160, by 40%.
   */
  private static final int LAST_CLOSE_ITERATION = 20;

  /** Up to there: 2%, one of a batch's 100 images, 10 of 10,000. */
  private static final Tolerance EARLY = new Tolerance(0.02, 0.01001, 0.00101);

  /** For 4.1, whose larger steps amplify sooner: at most 4.4%, 2 of 100 and 36 of 10,000 images. */
  private static final Tolerance EARLY_41 = new Tolerance(0.1, 0.04001, 0.00801);

  /** For 4.2, the same and more layers: at most 23% and 3 of 100 images. */
  private static final Tolerance EARLY_42 = new Tolerance(0.46, 0.06001, 0.064);

  /**
   * What differences between kernels may grow to. The bounds are about twice the largest difference
   * between the recorded runs with and without oneDNN.
   *
   * @param loss the absolute difference of one measurement
   * @param meanLogLoss the mean, over a split's measurements so far, of the difference between the
   *     logarithms of the losses; it tells a wrong learning rate or a missing dropout from chance,
   *     since chance has no direction
   * @param batchAccuracy a fraction of the batch
   * @param testAccuracy a fraction of the test set
   * @param finalAccuracy the same, at the end of the recorded run
   */
  private record Drift(
      double loss,
      double meanLogLoss,
      double batchAccuracy,
      double testAccuracy,
      double finalAccuracy) {}

  /** Recorded: 9.1, 0.07, 4 of 100 images, 64 of 10,000 and at the end 9. */
  private static final Drift DRIFT = new Drift(18, 0.15, 0.08001, 0.013, 0.003);

  /**
   * For 4.2, whose test measurements jump until the moving averages have settled. Recorded: 9.5,
   * 0.19, 2 of 100 images and 318 of 10,000.
   */
  private static final Drift DRIFT_42 = new Drift(19, 0.37, 0.08001, 0.064, 0.064);

  /** Added to losses before their logarithm is taken, so that the smallest do not dominate. */
  private static final double LOG_LOSS_OFFSET = 1;

  /** Relative: a power may differ in its last bit. */
  private static final double LEARNING_RATE_BOUND = 1e-6;

  /**
   * Reads {@code onednn-on/<stage>.json} or {@code onednn-off/<stage>.json}.
   *
   * @param folder python-reference/expected
   * @param oneDnn which of the two
   * @throws CrossCheckException if the file is damaged or not of this stage and this data
   */
  public static ExpectedRun read(Path folder, boolean oneDnn, Stage stage, DataSet data)
      throws IOException, CrossCheckException {
    Path file = folder.resolve(oneDnn ? "onednn-on" : "onednn-off").resolve(stage.name() + ".json");
    ExpectedRun run =
        ReferenceJson.read(ReferenceJson.ARRAYS, Files.readString(file), ExpectedRun.class, file);
    int iterations = Math.min(run.conditions.iterations(), stage.schedule().iterations());
    Conditions.defaults(stage, iterations, data).requireEqual(file, run.conditions);
    return run;
  }

  /** What limits a comparison on this platform, to be appended to its result; empty if nothing. */
  public String limitation(Platform current) {
    return current.equals(platform) ? "" : " within the bounds for other processors than Python's";
  }

  /**
   * Trains the stage and compares.
   *
   * @param limit only so many of the first measurements are compared, all if there are no more
   * @param current this machine, which decides how close the measurements must be
   * @return empty if all is as expected, else one line about the first difference
   */
  public Optional<String> firstDifference(Stage stage, DataSet data, int limit, Platform current)
      throws IOException {
    boolean sameKernels = current.equals(platform);
    try {
      return firstDifference(train(stage, data, limit), limit, sameKernels);
    } catch (TrainingException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Trains a stage up to the last of so many measurements. */
  Run train(Stage stage, DataSet data, int limit) throws TrainingException, IOException {
    List<Measurement> measured = new ArrayList<>();
    Schedule schedule = stage.schedule().withIterations(lastIteration(limit));
    try (Network network = stage.network(conditions.seed());
        TrainingLoop loop = new TrainingLoop(schedule, network, data, conditions.batchSize())) {
      String initialWeights = loop.weights().sha256();
      loop.run(TrainingListener.collecting(measured), () -> false);
      return new Run(initialWeights, measured);
    }
  }

  private int lastIteration(int limit) {
    return measurements.get(Math.min(limit, measurements.size()) - 1).iteration();
  }

  /** Compares a training run up to the last of so many measurements. */
  Optional<String> firstDifference(Run run, int limit, boolean sameKernels) {
    if (!run.initialWeightsSha256.equals(initialWeightsSha256)) {
      return Optional.of("different initial weights, with SHA-256 " + run.initialWeightsSha256);
    }
    long due = measurements.stream().filter(m -> m.iteration() <= lastIteration(limit)).count();
    return run.measurements.size() == due
        ? firstDifference(run.measurements, sameKernels)
        : Optional.of("measured %d times, expected %d".formatted(run.measurements.size(), due));
  }

  /** The first measurement of a run that differs by more than other kernels explain. */
  static Optional<String> drift(
      Conditions conditions, List<Measurement> expected, List<Measurement> measured) {
    return new ExpectedRun(conditions, new Platform(0, Set.of()), "", expected)
        .firstDifference(measured, false);
  }

  /** Compares measurements, from the first one. */
  Optional<String> firstDifference(List<Measurement> measured, boolean sameKernels) {
    Map<Split, DoubleSummaryStatistics> logRatios = new EnumMap<>(Split.class);
    for (int i = 0; i < measured.size(); i++) {
      Measurement found = measured.get(i);
      Measurement expected = measurements.get(i);
      Optional<String> field =
          kernelIndependentDifference(found, expected)
              .or(
                  () ->
                      sameKernels || expected.iteration() <= LAST_CLOSE_ITERATION
                          ? difference(found, expected, tolerance(expected, sameKernels))
                          : drift(found, expected, logRatios));
      if (field.isPresent()) {
        return Optional.of(
            "different %s: found %s, expected %s".formatted(field.get(), found, expected));
      }
    }
    return Optional.empty();
  }

  private Tolerance tolerance(Measurement expected, boolean sameKernels) {
    if (sameKernels) {
      // In stage 1.0, one kernel (Reciprocal) differs between the TensorFlow versions.
      return conditions.stage().equals("1.0") ? CLOSE : EQUAL;
    }
    if (expected.iteration() == 0) {
      return CLOSE;
    }
    return switch (conditions.stage()) {
      case "4.1" -> EARLY_41;
      case "4.2" -> EARLY_42;
      default -> EARLY;
    };
  }

  /** The first difference in a field that no kernel affects. */
  private static Optional<String> kernelIndependentDifference(
      Measurement found, Measurement expected) {
    if (found.iteration() != expected.iteration()) {
      return Optional.of("iteration");
    }
    if (found.set() != expected.set()) {
      return Optional.of("set");
    }
    if (found.epoch() != expected.epoch()) {
      return Optional.of("epoch");
    }
    return near(found.learningRate(), expected.learningRate(), LEARNING_RATE_BOUND)
        ? Optional.empty()
        : Optional.of("learning rate");
  }

  private static Optional<String> difference(
      Measurement found, Measurement expected, Tolerance tolerance) {
    if (!near(found.loss(), expected.loss(), tolerance.relativeLoss)) {
      return Optional.of("loss");
    }
    return accuracyDifference(found, expected, tolerance.batchAccuracy, tolerance.testAccuracy);
  }

  private Optional<String> drift(
      Measurement found, Measurement expected, Map<Split, DoubleSummaryStatistics> logRatios) {
    Drift bound = conditions.stage().equals("4.2") ? DRIFT_42 : DRIFT;
    if (!(Math.abs(found.loss() - expected.loss()) <= bound.loss)) {
      return Optional.of("loss");
    }
    DoubleSummaryStatistics ratios =
        logRatios.computeIfAbsent(found.set(), split -> new DoubleSummaryStatistics());
    ratios.accept(Math.log((found.loss() + LOG_LOSS_OFFSET) / (expected.loss() + LOG_LOSS_OFFSET)));
    if (Math.abs(ratios.getAverage()) > bound.meanLogLoss) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "losses, by a factor of %.2f in the mean up to here",
              Math.exp(ratios.getAverage())));
    }
    boolean last = expected.equals(measurements.get(measurements.size() - 1));
    return accuracyDifference(
        found, expected, bound.batchAccuracy, last ? bound.finalAccuracy : bound.testAccuracy);
  }

  private static Optional<String> accuracyDifference(
      Measurement found, Measurement expected, double batchBound, double testBound) {
    double difference = Math.abs((double) found.accuracy() - expected.accuracy());
    return difference <= (found.set() == Split.TRAIN ? batchBound : testBound)
        ? Optional.empty()
        : Optional.of("accuracy");
  }

  private static boolean near(double found, double expected, double relative) {
    return Math.abs(found - expected) <= relative * expected;
  }
}
