package mnist.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import mnist.app.Training;
import mnist.platform.FileTree;
import mnist.platform.ProcessMemory;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;

/**
 * What a training in a fresh process came to.
 *
 * @param stepMillis median time of a step, filling the batch included
 * @param imagesPerSecond that the steps come to
 * @param firstStepSeconds from the start of the process to the end of the first step
 * @param wholeSeconds from the start of the process to the end of the training, measurements
 *     included
 * @param peakMegabytes most memory that the process had in RAM, NaN where the system does not say
 * @param garbageBytes median of what a step allocates on the Java heap
 * @param earlyMegabytes memory in RAM after a tenth of the steps
 * @param lateMegabytes memory in RAM after the last step
 */
public record TrainingRound(
    double stepMillis,
    double imagesPerSecond,
    double firstStepSeconds,
    double wholeSeconds,
    double peakMegabytes,
    double garbageBytes,
    double earlyMegabytes,
    double lateMegabytes) {

  /**
   * Trains in this process; empty if the training failed and has said why.
   *
   * @param iterations the last iteration
   * @param options more options of the run
   */
  public static Optional<TrainingRound> measure(Stage stage, int iterations, String... options)
      throws IOException {
    Path folder = Files.createTempDirectory("mnist-bench");
    StepRecord steps = new StepRecord(iterations + 1);
    try {
      List<String> args = new ArrayList<>(List.of(options));
      args.addAll(List.of("--quiet", "--no-export", "--iterations=" + iterations));
      args.add("--run-dir=" + folder.resolve("run"));
      PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
      int exitCode = Training.run(stage, steps, nowhere, System.err, args.toArray(String[]::new));
      return exitCode == 0 ? Optional.of(steps.round()) : Optional.empty();
    } finally {
      FileTree.delete(folder);
    }
  }

  /** Notes time and memory at every step. */
  private static final class StepRecord implements TrainingListener {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long[] nanos;
    private final long[] allocated;
    private Duration untilFirstStep;
    private Duration whole;
    private double earlyMegabytes;
    private double lateMegabytes;

    StepRecord(int steps) {
      nanos = new long[steps];
      allocated = new long[steps];
    }

    @Override
    public void onStep(int iteration, long stepNanos) {
      if (iteration == 0) {
        untilFirstStep = sinceStart();
      }
      nanos[iteration] = stepNanos;
      allocated[iteration] = threads.getCurrentThreadAllocatedBytes();
      if (iteration == nanos.length / 10) {
        earlyMegabytes = ProcessMemory.resident();
      }
      if (iteration == nanos.length - 1) {
        lateMegabytes = ProcessMemory.resident();
      }
    }

    private static Duration sinceStart() {
      Instant start = ProcessHandle.current().info().startInstant().orElseThrow();
      return Duration.between(start, Instant.now());
    }

    @Override
    public void onProgress(int next, boolean last, Supplier<TrainingState> state) {
      if (last) {
        whole = sinceStart();
      }
    }

    TrainingRound round() {
      double stepMillis = median(nanos) / 1e6;
      long[] garbage = new long[allocated.length - 1];
      for (int i = 0; i < garbage.length; i++) {
        garbage[i] = allocated[i + 1] - allocated[i];
      }
      return new TrainingRound(
          stepMillis,
          100 * 1000 / stepMillis,
          untilFirstStep.toMillis() / 1000.0,
          whole.toMillis() / 1000.0,
          ProcessMemory.peak(),
          median(garbage),
          earlyMegabytes,
          lateMegabytes);
    }

    private static double median(long[] values) {
      long[] sorted = values.clone();
      Arrays.sort(sorted);
      return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }
  }
}
