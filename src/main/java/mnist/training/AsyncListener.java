package mnist.training;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import mnist.data.Split;

/**
 * Runs an optional listener in a thread of its own. The training waits for a slow listener, but no
 * longer than a time budget for the whole run; once that is spent, or if the listener fails, it is
 * detached and the training continues without it.
 */
public final class AsyncListener implements TrainingListener, AutoCloseable {
  /** How many evaluations can be queued; each holds the tensors that the listener requested. */
  private static final int QUEUE_CAPACITY = 8;

  private interface Task {
    void run() throws IOException;
  }

  private static final Task END = () -> {};

  private final TrainingListener listener;
  private final Consumer<Exception> onFailure;
  private final BlockingQueue<Task> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
  private final Thread thread = new Thread(this::processQueue, "async listener");
  private long budgetNanos;
  private volatile boolean detached;
  private volatile CountDownLatch awaited = new CountDownLatch(0);

  /**
   * @param timeBudget how long the training may wait for the listener in total, closing included
   * @param onFailure called once when the listener is detached, with the exception that it threw or
   *     a TimeoutException
   */
  public AsyncListener(
      TrainingListener listener, Duration timeBudget, Consumer<Exception> onFailure) {
    this.listener = listener;
    this.onFailure = onFailure;
    budgetNanos = timeBudget.toNanos();
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Set<String> requestedTensors(Split split) {
    return listener.requestedTensors(split);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    if (!detached && !enqueue(() -> listener.onEvaluation(evaluation))) {
      detachTooSlow();
    }
  }

  /** Waits, within the time budget, until the listener has processed every evaluation so far. */
  public void catchUp() {
    CountDownLatch processed = new CountDownLatch(1);
    awaited = processed;
    if (!detached && (!enqueue(processed::countDown) || !withinBudget(processed::await))) {
      detachTooSlow();
    }
  }

  private boolean enqueue(Task task) {
    return withinBudget((time, unit) -> queue.offer(task, time, unit));
  }

  private interface TimedWait {
    boolean await(long time, TimeUnit unit) throws InterruptedException;
  }

  private boolean withinBudget(TimedWait wait) {
    long start = System.nanoTime();
    try {
      return wait.await(budgetNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      budgetNanos = Math.max(0, budgetNanos - (System.nanoTime() - start));
    }
  }

  private void processQueue() {
    try {
      for (Task next = queue.take(); next != END; next = queue.take()) {
        next.run();
      }
    } catch (IOException | RuntimeException e) {
      detach(e);
    } catch (InterruptedException e) {
      // Closed while it was too slow.
    }
  }

  private void detachTooSlow() {
    detach(new TimeoutException("it is too slow"));
  }

  private synchronized void detach(Exception why) {
    if (!detached) {
      onFailure.accept(why); // before anybody can see that it is detached
      detached = true;
      queue.clear();
      awaited.countDown();
    }
  }

  /** Lets the listener process the queue, within the time budget. */
  @Override
  public void close() {
    if (!detached && enqueue(END)) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, budgetNanos));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (!detached && thread.isAlive()) {
      detachTooSlow();
    }
    thread.interrupt();
  }
}
