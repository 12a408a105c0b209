package mnist.app;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import mnist.data.Split;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;

/**
 * Runs an optional listener in a thread of its own. The training waits for a slow listener, but no
 * longer than a time budget for the whole run; once that is spent, or if the listener fails, it is
 * detached and the training continues without it.
 */
public final class AsyncListener implements TrainingListener, AutoCloseable {
  /** How many evaluations can be pending; each holds the tensors that the listener requested. */
  private static final int CAPACITY = 8;

  private final TrainingListener listener;
  private final Consumer<Throwable> onFailure;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(AsyncListener::daemon);
  private final Semaphore capacity = new Semaphore(CAPACITY);
  private long budgetNanos;
  private volatile boolean detached;

  /**
   * @param timeBudget how long the training may wait for the listener in total, closing included
   * @param onFailure called once when the listener is detached, with what it threw or a
   *     TimeoutException
   */
  public AsyncListener(
      TrainingListener listener, Duration timeBudget, Consumer<Throwable> onFailure) {
    this.listener = listener;
    this.onFailure = onFailure;
    budgetNanos = timeBudget.toNanos();
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "async listener");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public Set<String> requestedTensors(Split split) {
    return listener.requestedTensors(split);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    if (!detached && acquireWithinBudget(1)) {
      thread.execute(() -> process(evaluation));
    }
  }

  private void process(Evaluation evaluation) {
    try {
      if (!detached) {
        listener.onEvaluation(evaluation);
      }
    } catch (IOException | RuntimeException | Error e) {
      detach(e);
    } finally {
      capacity.release();
    }
  }

  /** Waits, within the time budget, until the listener has processed every evaluation so far. */
  public void catchUp() {
    if (!detached && acquireWithinBudget(CAPACITY)) {
      capacity.release(CAPACITY);
    }
  }

  /** Detaches the listener if it does not free capacity in time. */
  private boolean acquireWithinBudget(int evaluations) {
    long start = System.nanoTime();
    boolean acquired = false;
    try {
      acquired = capacity.tryAcquire(evaluations, budgetNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    budgetNanos = Math.max(0, budgetNanos - (System.nanoTime() - start));
    if (!acquired) {
      detach(new TimeoutException("it is too slow"));
    }
    return acquired;
  }

  private synchronized void detach(Throwable why) {
    if (!detached) {
      onFailure.accept(why); // before anybody can see that it is detached
      detached = true;
    }
  }

  /** Lets the listener process what is pending, within the time budget. */
  @Override
  public void close() {
    catchUp();
    thread.shutdownNow();
  }
}
