package mnist.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mnist.platform.ErrorMessages;
import mnist.platform.FileTree;
import mnist.platform.JavaProcess;
import mnist.runs.Checkpoints;
import mnist.runs.RunLock;
import org.apache.spark.TaskContext;

/**
 * One run of a sweep, a task for any executor.
 *
 * <p>It is trained in a separate process by the same command as a single run, so its numbers are
 * the same. Its number of threads and its kernels, which TensorFlow configures once per process,
 * can differ from other trials', and neither its memory nor a crash affects them. Starting the
 * process takes about two seconds.
 *
 * @param name of its folder
 * @param stage the stage's number
 * @param values of the grid's options
 * @param options all options of the stage's command line except the run's folder
 * @param folder the run's folder, absolute and the same on all executors
 * @param threads for each operation; 0 for as many as a single run uses
 */
record Trial(
    String name,
    String stage,
    Map<String, String> values,
    List<String> options,
    String folder,
    int threads)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** A process that lost its executor may need this long to notice. */
  private static final int LOCK_TIMEOUT_SECONDS = 120;

  /** Whether it has completed and saved its model. */
  boolean isDone() throws IOException {
    TrialResult result = TrialResult.read(Path.of(folder));
    return result.isCompleted() && (result.hasModel() || options.contains("--no-export"));
  }

  /**
   * Trains, or resumes from the newest checkpoint; does nothing if the trial is done.
   *
   * @return the error in one line; empty on success
   */
  String run() {
    try {
      Path run = Path.of(folder);
      awaitLock(run);
      if (isDone()) {
        return "";
      }
      List<String> arguments = new ArrayList<>(List.of(stage, "--quiet"));
      arguments.addAll(options);
      if (Files.isDirectory(run) && Checkpoints.isIn(run)) {
        arguments.addAll(List.of("--resume", folder));
      } else {
        FileTree.delete(run); // interrupted before its first checkpoint
        arguments.addAll(List.of("--run-dir", folder));
      }
      return train(arguments);
    } catch (IOException e) {
      return ErrorMessages.summarize(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "was interrupted";
    }
  }

  @SuppressWarnings("try") // the lock is only acquired and released
  private static void awaitLock(Path run) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LOCK_TIMEOUT_SECONDS);
    while (Files.isDirectory(run)) {
      try (RunLock lock = RunLock.acquire(run)) {
        return;
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(200);
      }
    }
  }

  private String train(List<String> arguments) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("mnist-trial", ".err");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(
                  JavaProcess.command(
                      JavaProcess.defaultOptions(), TrialProcess.class.getName(), arguments))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(errors.toFile());
      if (threads > 0) {
        builder.environment().put("TF_NUM_INTRAOP_THREADS", String.valueOf(threads));
      }
      Process process = builder.start();
      try {
        while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
          if (TaskContext.get() != null && TaskContext.get().isInterrupted()) {
            return "was interrupted";
          }
        }
      } finally {
        process.destroy();
      }
      return process.exitValue() == 0 ? "" : error(process.exitValue(), errors);
    } finally {
      Files.delete(errors);
    }
  }

  private static String error(int exitCode, Path errors) throws IOException {
    List<String> lines = Files.readString(errors).lines().filter(line -> !line.isBlank()).toList();
    return lines.stream()
        .filter(line -> line.startsWith("error: "))
        .findFirst()
        .map(line -> line.substring("error: ".length()))
        .orElseGet(
            () ->
                "the process ended with exit code %d%s"
                    .formatted(
                        exitCode, lines.isEmpty() ? "" : ": " + lines.get(lines.size() - 1)));
  }
}
