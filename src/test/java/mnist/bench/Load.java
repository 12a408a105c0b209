package mnist.bench;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The result of sending the same request over several connections at once.
 *
 * @param micros latencies of the responses with status 200, from when the request was due
 * @param failures number of all other requests
 * @param seconds the duration
 */
public record Load(Histogram micros, long failures, double seconds) {
  private static final long MAX_MICROS = 60_000_000;

  /** Number of responses with status 200. */
  public long requests() {
    return micros.getTotalCount();
  }

  /** Responses with status 200 per second. */
  public double perSecond() {
    return requests() / seconds;
  }

  /** This load and another one after it. */
  Load plus(Load next) {
    Histogram all = micros.copy();
    all.add(next.micros);
    return new Load(all, failures + next.failures, seconds + next.seconds);
  }

  /** A percentile of the latency in milliseconds. */
  public double millis(double percentile) {
    return micros.getValueAtPercentile(percentile) / 1000.0;
  }

  /**
   * Sends a request repeatedly.
   *
   * @param connections number of connections, each with one request at a time
   * @param perSecond requests per second over all connections; 0 for as many as possible
   */
  public static Load run(HttpRequest request, int connections, int seconds, int perSecond)
      throws InterruptedException {
    Histogram micros = new ConcurrentHistogram(MAX_MICROS, 3);
    LongAdder failures = new LongAdder();
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    long start = System.nanoTime();
    long end = start + seconds * 1_000_000_000L;
    long interval = perSecond == 0 ? 0 : connections * 1_000_000_000L / perSecond;
    ExecutorService threads = Executors.newFixedThreadPool(connections);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        running.add(
            threads.submit(
                () -> {
                  long due = System.nanoTime();
                  while (due < end) {
                    boolean ok = isOk(client, request);
                    long now = System.nanoTime();
                    if (ok) {
                      micros.recordValue(Math.min(MAX_MICROS, (now - due) / 1000));
                    } else {
                      failures.increment();
                    }
                    due = interval == 0 ? now : due + interval;
                    awaitNanoTime(due);
                  }
                  return null;
                }));
      }
      for (Future<?> connection : running) {
        connection.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a connection failed", e.getCause());
    } finally {
      threads.shutdownNow();
    }
    return new Load(micros, failures.sum(), (System.nanoTime() - start) / 1e9);
  }

  /** Waits for not less, as a sleep of whole milliseconds would. */
  private static void awaitNanoTime(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static boolean isOk(HttpClient client, HttpRequest request) throws InterruptedException {
    try {
      return client.send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }
}
