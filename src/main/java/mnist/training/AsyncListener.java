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
 * A listener for whom the training waits a limited time, and without whom it can do. It hears of
 * measurements in a thread of its own. While it is behind, the training waits, up to a limit for
 * the whole run; beyond that, or after it has failed, it hears no more and the training goes on.
 */
public final class AsyncListener implements TrainingListener, AutoCloseable {
  /** So many observations may wait for it; each holds what it wants of a measurement. */
  private static final int MOST_WAITING = 8;

  private interface Task {
    void run() throws IOException;
  }

  private static final Task END = () -> {};

  private final TrainingListener listener;
  private final Consumer<Exception> lost;
  private final BlockingQueue<Task> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final Thread thread = new Thread(this::listen, "onlooker");
  private long patienceNanos;
  private volatile boolean gone;
  private volatile CountDownLatch awaited = new CountDownLatch(0);

  /**
   * @param patience how long the training may wait for it altogether, its last words included
   * @param lost told once why it hears no more: what it threw, or a TimeoutException
   */
  public AsyncListener(TrainingListener listener, Duration patience, Consumer<Exception> lost) {
    this.listener = listener;
    this.lost = lost;
    patienceNanos = patience.toNanos();
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Set<String> requestedTensors(Split split) {
    return listener.requestedTensors(split);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    if (!gone && !offered(() -> listener.onEvaluation(evaluation))) {
      leave(new TimeoutException("it is too slow"));
    }
  }

  /** Waits until it has heard all that it has been told, as long as there is patience left. */
  public void catchUp() {
    CountDownLatch heard = new CountDownLatch(1);
    awaited = heard;
    if (!gone && (!offered(heard::countDown) || !patiently(heard::await))) {
      leave(new TimeoutException("it is too slow"));
    }
  }

  private boolean offered(Task task) {
    return patiently((time, unit) -> waiting.offer(task, time, unit));
  }

  private interface Waiting {
    boolean within(long time, TimeUnit unit) throws InterruptedException;
  }

  private boolean patiently(Waiting wait) {
    long began = System.nanoTime();
    try {
      return wait.within(patienceNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      patienceNanos = Math.max(0, patienceNanos - (System.nanoTime() - began));
    }
  }

  private void listen() {
    try {
      for (Task next = waiting.take(); next != END; next = waiting.take()) {
        next.run();
      }
    } catch (IOException | RuntimeException e) {
      leave(e);
    } catch (InterruptedException e) {
      // It was given up.
    }
  }

  private synchronized void leave(Exception why) {
    if (!gone) {
      lost.accept(why); // before anybody sees that it has gone
      gone = true;
      waiting.clear();
      awaited.countDown();
    }
  }

  /** Lets it hear what is still waiting, as long as there is patience left. */
  @Override
  public void close() {
    if (!gone && offered(END)) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, patienceNanos));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (!gone && thread.isAlive()) {
      leave(new TimeoutException("it is too slow"));
    }
    thread.interrupt();
  }
}
