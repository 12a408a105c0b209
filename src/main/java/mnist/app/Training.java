package mnist.app;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mnist.training.Stage;
import mnist.training.TrainingListener;

/** Runs one stage with its command-line options, in a process of its own or in this one. */
public final class Training {
  private static final long SHUTDOWN_SECONDS = 60;

  private Training() {}

  /**
   * Runs a stage and exits the process: with 0, with 1 after a failure, with 2 for a wrong option,
   * with 130 after Ctrl-C.
   *
   * @param args see {@code --help}
   */
  public static void main(Stage stage, String... args) {
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch done = new CountDownLatch(1);
    TrainingCommand command =
        new TrainingCommand(stage, System.out, System.err, stop::get, List.of());

    // Ctrl-C starts the shutdown hooks; this one delays the exit until the run has been saved.
    Thread hook =
        new Thread(
            () -> {
              stop.set(true);
              if (command.isTraining()) {
                await(done);
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);

    int exitCode = 1;
    try {
      exitCode = command.run(args);
    } finally {
      done.countDown();
    }
    if (!stop.get()) {
      System.exit(exitCode);
    }
  }

  /**
   * Runs a stage in this process and returns its exit code.
   *
   * @param listener is notified in addition to those of the run itself
   * @param out standard output
   * @param err standard error
   * @param args the options, see {@code --help}
   */
  public static int run(
      Stage stage, TrainingListener listener, PrintStream out, PrintStream err, String... args) {
    return new TrainingCommand(stage, out, err, () -> false, List.of(listener)).run(args);
  }

  /**
   * Why a stage refuses these arguments, as far as that can be told without training; empty if it
   * accepts them.
   */
  public static Optional<String> refusal(Stage stage, String... args) {
    return new TrainingCommand(stage, System.out, System.err, () -> false, List.of()).refusal(args);
  }

  private static void await(CountDownLatch done) {
    try {
      done.await(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
