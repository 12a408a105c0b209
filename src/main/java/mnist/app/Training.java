package mnist.app;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mnist.training.Stage;
import mnist.training.TrainingListener;

/** Where the chapters' main methods lead: one stage, its options, one process. */
public final class Training {
  private static final long LAST_WORDS_SECONDS = 60;

  private Training() {}

  /**
   * Runs a stage and ends the process: exit code 0, 1 when it could not be done, 2 for a wrong
   * option, 130 after Ctrl-C.
   *
   * @param args see {@code --help}
   */
  public static void main(Stage stage, String... args) {
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch done = new CountDownLatch(1);
    TrainingCommand command =
        new TrainingCommand(stage, System.out, System.err, stop::get, List.of());

    // Ctrl-C starts the shutdown hooks; this one holds the process until a training is closed.
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
    } catch (Error e) {
      e.printStackTrace();
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
   * @param listener hears of the training as it goes on
   * @param out for what the stage prints
   * @param err for what cannot be done
   * @param args as for the stage's main class
   */
  public static int run(
      Stage stage, TrainingListener listener, PrintStream out, PrintStream err, String... args) {
    return new TrainingCommand(stage, out, err, () -> false, List.of(listener)).run(args);
  }

  /**
   * Why a stage's command line would not take these arguments, as far as it can tell without
   * training; empty if it would.
   */
  public static Optional<String> refusal(Stage stage, String... args) {
    return new TrainingCommand(stage, System.out, System.err, () -> false, List.of()).refusal(args);
  }

  private static void await(CountDownLatch done) {
    try {
      done.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
