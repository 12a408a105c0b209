package mnist.app;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mnist.console.CliErrors;
import mnist.training.TrainingListener;

/**
 * The listeners that a run can do without. They neither hold it up nor end it: when one fails, a
 * line says so and the run continues.
 */
final class AsyncListeners implements AutoCloseable {
  /** How long a run may wait for one listener in total. */
  private static final Duration TIME_BUDGET = Duration.ofSeconds(10);

  private final Consumer<String> log;
  private final List<Closeable> open = new ArrayList<>();
  private final List<AsyncListener> listeners = new ArrayList<>();

  /**
   * @param log receives failures, from any thread
   */
  AsyncListeners(Consumer<String> log) {
    this.log = log;
  }

  /** Opens a listener. */
  interface Opener<T extends TrainingListener & Closeable> {
    T open() throws IOException;
  }

  /**
   * Adds a listener.
   *
   * @param output what it writes, for messages
   */
  <T extends TrainingListener & Closeable> void add(String output, Opener<T> opener) {
    try {
      T listener = opener.open();
      AsyncListener async =
          new AsyncListener(
              listener,
              TIME_BUDGET,
              failure ->
                  log.accept(
                      "Recording of the %s has stopped, the run continues: %s"
                          .formatted(output, CliErrors.describe(failure))));
      open.add(listener);
      open.add(async::close);
      listeners.add(async);
    } catch (IOException | RuntimeException | Error e) {
      log.accept("There will be no %s: %s".formatted(output, CliErrors.describe(e)));
    }
  }

  /** Waits until all have processed what they were notified of. */
  void catchUp() {
    listeners.forEach(AsyncListener::catchUp);
  }

  List<AsyncListener> listeners() {
    return listeners;
  }

  /** Lets them finish what they were notified of, and closes them; they are notified no more. */
  void finish() {
    while (!open.isEmpty()) {
      try {
        open.remove(open.size() - 1).close();
      } catch (IOException | RuntimeException | Error e) {
        log.accept("a listener could not be closed: " + CliErrors.describe(e));
      }
    }
  }

  @Override
  public void close() {
    finish();
  }
}
