package mnist.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
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
 * One run of a sweep, for whichever executor gets it.
 *
 * <p>It is trained in a process of its own, by the same command as a run by hand. So its numbers
 * are those of a run by hand; it may have fewer threads than the machine has processors, and the
 * kernels it asks for, both of which TensorFlow settles once for a process; what it takes of memory
 * is its own; and if it crashes, no other does. Starting a process takes about two seconds, which
 * is little beside a training.
 *
 * @param name of its folder
 * @param stage the stage's number
 * @param chosen the value of each option of the grid
 * @param options all options, as on the stage's command line, without the run's folder
 * @param folder the run's, absolute: the same for whoever works on it
 * @param threads on which an operation runs; 0 for as many as in a run by hand
 */
record Trial(
    String name,
    String stage,
    Map<String, String> chosen,
    List<String> options,
    String folder,
    int threads)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** One that was working on it, and has lost its executor, may take so long to notice. */
  private static final int PATIENCE_SECONDS = 120;

  /** Whether there is nothing left to do. */
  boolean isDone() throws IOException {
    return TrialRecord.of(Path.of(folder)).isDone(!options.contains("--no-export"));
  }

  /**
   * Trains, or goes on from the newest checkpoint; does nothing if that has been done.
   *
   * @return why it could not be done, in a line; empty if it was
   */
  String run() {
    try {
      Path run = Path.of(folder);
      awaitFree(run);
      if (isDone()) {
        return "";
      }
      List<String> arguments = new ArrayList<>(options);
      if (Files.isDirectory(run) && Checkpoints.isIn(run) && !TrialRecord.of(run).isCompleted()) {
        arguments.addAll(List.of("--resume", folder));
      } else {
        FileTree.delete(run); // broken off before its first checkpoint, or within its last breath
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

  @SuppressWarnings("try") // a lock is held, no more
  private static void awaitFree(Path run) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
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
    Path said = Files.createTempFile("mnist-trial", ".err");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command(arguments))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(said.toFile());
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
      return process.exitValue() == 0 ? "" : reason(process.exitValue(), said);
    } finally {
      Files.delete(said);
    }
  }

  private static String reason(int exitCode, Path said) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(said), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.isBlank())
            .toList();
    return lines.stream()
        .filter(line -> line.startsWith("error: "))
        .findFirst()
        .map(line -> line.substring("error: ".length()))
        .orElseGet(
            () ->
                "its process ended with exit code %d%s"
                    .formatted(
                        exitCode, lines.isEmpty() ? "" : ": " + lines.get(lines.size() - 1)));
  }

  private List<String> command(List<String> arguments) {
    List<String> all = new ArrayList<>(List.of(stage, "--quiet"));
    all.addAll(arguments);
    return JavaProcess.command(JavaProcess.defaultOptions(), TrialProcess.class.getName(), all);
  }
}
