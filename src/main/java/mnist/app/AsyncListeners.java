package mnist.app;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mnist.platform.ErrorMessages;
import mnist.training.AsyncListener;
import mnist.training.TrainingListener;

/**
 * What else watches a run, and neither holds it up nor ends it: where one cannot go on, that is
 * said and the run goes on without.
 */
final class AsyncListeners implements AutoCloseable {
  /** How long a run may wait for one of them altogether. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final PrintStream err;
  private final List<Closeable> open = new ArrayList<>();
  private final List<AsyncListener> listeners = new ArrayList<>();

  AsyncListeners(PrintStream err) {
    this.err = err;
  }

  /** Something that is opened for this run. */
  interface Opening<T extends TrainingListener & Closeable> {
    T open() throws IOException;
  }

  /**
   * Lets one watch.
   *
   * @param what it leaves, for people
   */
  <T extends TrainingListener & Closeable> void add(String what, Opening<T> opening) {
    T listener;
    try {
      listener = opening.open();
    } catch (IOException e) {
      err.println("There will be no " + what + ": " + ErrorMessages.summarize(e));
      return;
    }
    AsyncListener onlooker =
        new AsyncListener(
            listener,
            PATIENCE,
            lost ->
                err.println(
                    "The "
                        + what
                        + " ends here, the run goes on: "
                        + ErrorMessages.summarize(lost)));
    open.add(listener);
    open.add(onlooker::close);
    listeners.add(onlooker);
  }

  /** Waits until they have written down all that they have been told. */
  void catchUp() {
    listeners.forEach(AsyncListener::catchUp);
  }

  List<? extends TrainingListener> listeners() {
    return listeners;
  }

  /** Lets them write down what they have heard; they hear no more. */
  void finish() {
    while (!open.isEmpty()) {
      try {
        open.remove(open.size() - 1).close();
      } catch (IOException e) {
        err.println("What watched the run could not be closed: " + ErrorMessages.summarize(e));
      }
    }
  }

  @Override
  public void close() {
    finish();
  }
}
