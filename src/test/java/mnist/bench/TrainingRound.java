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
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import mnist.app.Training;
import mnist.platform.FileTree;
import mnist.platform.ProcessMemory;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;
import org.HdrHistogram.Histogram;

/**
 * Measurements of a training in a new process.
 *
 * @param steps number of steps
 * @param stepMillis median time of a step, including filling the batch
 * @param firstStepSeconds from the start of the process to the end of the first step
 * @param totalSeconds from the start of the process to the end of training and evaluation
 * @param peakMegabytes peak memory in RAM, NaN where the system does not report it
 * @param garbageBytes median of what a step allocates on the Java heap
 * @param earlyMegabytes memory in RAM after a tenth of the steps
 * @param lateMegabytes memory in RAM after the last step
 */
public record TrainingRound(
    long steps,
    double stepMillis,
    double firstStepSeconds,
    double totalSeconds,
    double peakMegabytes,
    double garbageBytes,
    double earlyMegabytes,
    double lateMegabytes) {

  /** Images per second at the median time of a step. */
  public double imagesPerSecond() {
    return 100 * 1000 / stepMillis;
  }

  /**
   * Trains in this process; empty if the training failed, which it reports on standard error.
   *
   * @param iterations the last iteration
   * @param options more options of the stage
   */
  public static Optional<TrainingRound> measure(Stage stage, int iterations, String... options)
      throws IOException {
    Path folder = Files.createTempDirectory("mnist-bench");
    Recorder recorder = new Recorder(iterations);
    try {
      List<String> args = new ArrayList<>(List.of(options));
      args.addAll(List.of("--quiet", "--no-export", "--iterations=" + iterations));
      args.add("--run-dir=" + folder.resolve("run"));
      PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
      int exitCode =
          Training.run(stage, recorder, nowhere, System.err, args.toArray(String[]::new));
      return exitCode == 0 ? Optional.of(recorder.round()) : Optional.empty();
    } finally {
      FileTree.delete(folder);
    }
  }

  /** Records time and memory of each step. */
  private static final class Recorder implements TrainingListener {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Histogram nanos = new Histogram(3_600_000_000_000L, 3);
    private final Histogram garbage = new Histogram(1L << 40, 3);
    private final int lastIteration;
    private long allocated;
    private double firstStepSeconds;
    private double totalSeconds;
    private double earlyMegabytes;
    private double lateMegabytes;

    Recorder(int lastIteration) {
      this.lastIteration = lastIteration;
    }

    @Override
    public void onStep(int iteration, long stepNanos) {
      nanos.recordValue(stepNanos);
      long before = allocated;
      allocated = threads.getCurrentThreadAllocatedBytes();
      if (iteration == 0) {
        firstStepSeconds = secondsSinceStart();
      } else {
        garbage.recordValue(allocated - before);
      }
      if (iteration == (lastIteration + 1) / 10) {
        earlyMegabytes = ProcessMemory.resident();
      }
      if (iteration == lastIteration) {
        lateMegabytes = ProcessMemory.resident();
      }
    }

    private static double secondsSinceStart() {
      Instant start = ProcessHandle.current().info().startInstant().orElseThrow();
      return Duration.between(start, Instant.now()).toMillis() / 1000.0;
    }

    @Override
    public void onProgress(int next, boolean last, Supplier<TrainingState> state) {
      if (last) {
        totalSeconds = secondsSinceStart();
      }
    }

    TrainingRound round() {
      return new TrainingRound(
          nanos.getTotalCount(),
          nanos.getValueAtPercentile(50) / 1e6,
          firstStepSeconds,
          totalSeconds,
          ProcessMemory.peak(),
          garbage.getValueAtPercentile(50),
          earlyMegabytes,
          lateMegabytes);
    }
  }
}
