package mnist.training;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import mnist.data.Split;

/**
 * A listener for whom the training waits a limited time, and without whom it can do. It hears of
 * measurements in a thread of its own. While it is behind, the training waits, up to a limit for
 * the whole run; beyond that, or after it has failed, it hears no more and the training goes on.
 */
public final class Onlooker implements TrainingListener, AutoCloseable {
  /** So many observations may wait for it; each holds what it wants of a measurement. */
  private static final int MOST_WAITING = 8;

  private static final Observation END = new Observation(null, null, null, Map.of());

  private final TrainingListener listener;
  private final Consumer<Exception> lost;
  private final BlockingQueue<Observation> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final Thread thread = new Thread(this::listen, "onlooker");
  private long patienceNanos;
  private volatile boolean gone;

  /**
   * @param patience how long the training may wait for it altogether, its last words included
   * @param lost told once why it hears no more: what it threw, or a TimeoutException
   */
  public Onlooker(TrainingListener listener, Duration patience, Consumer<Exception> lost) {
    this.listener = listener;
    this.lost = lost;
    patienceNanos = patience.toNanos();
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Set<String> wants(Split split) {
    return listener.wants(split);
  }

  @Override
  public void observed(Observation observation) {
    if (!gone && !offered(observation)) {
      leave(new TimeoutException("it is too slow"));
    }
  }

  private boolean offered(Observation observation) {
    long began = System.nanoTime();
    try {
      return waiting.offer(observation, patienceNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      patienceNanos = Math.max(0, patienceNanos - (System.nanoTime() - began));
    }
  }

  private void listen() {
    try {
      for (Observation next = waiting.take(); next != END; next = waiting.take()) {
        listener.observed(next);
      }
    } catch (IOException | RuntimeException e) {
      leave(e);
    } catch (InterruptedException e) {
      // It was given up.
    }
  }

  private synchronized void leave(Exception why) {
    if (!gone) {
      gone = true;
      waiting.clear();
      lost.accept(why);
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
