package mnist.bench;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mnist.bench.HttpConnection.Answer;

/**
 * The same request, sent to a server over several connections at once.
 *
 * @param requests that were answered with 200
 * @param failures all others
 * @param perSecond answered requests
 * @param medianMillis from when a request was due to its whole answer
 * @param p99Millis so long at most took 99 of 100
 * @param mostMillis so long took the slowest
 */
public record Load(
    long requests,
    long failures,
    double perSecond,
    double medianMillis,
    double p99Millis,
    double mostMillis) {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int OK = 200;

  /** What one connection found. */
  private static final class Connection {
    private int[] micros = new int[1 << 16];
    private int count;
    private long failures;

    void run(URI server, byte[] request, long endNanos, long everyNanos) {
      long due = System.nanoTime();
      while (due < endNanos) {
        try (HttpConnection http = new HttpConnection(server, PATIENCE_MILLIS)) {
          while (due < endNanos && http.isOpen()) {
            Answer answer = http.send(request);
            long now = System.nanoTime();
            add(answer, now - due);
            due = everyNanos == 0 ? now : due + everyNanos;
            await(due);
          }
        } catch (IOException e) {
          failures++;
          due = System.nanoTime();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }

    private static void await(long due) throws InterruptedException {
      long nanos = due - System.nanoTime();
      if (nanos > 0) {
        Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
      }
    }

    private void add(Answer answer, long nanos) {
      if (answer.status() != OK) {
        failures++;
        return;
      }
      if (count == micros.length) {
        micros = Arrays.copyOf(micros, 2 * count);
      }
      micros[count++] = (int) Math.min(Integer.MAX_VALUE, nanos / 1000);
    }
  }

  /**
   * Sends it again and again.
   *
   * @param request all of its bytes
   * @param connections at once
   * @param seconds that it lasts
   * @param perSecond requests, of all connections together; 0 for as many as are answered
   */
  public static Load of(URI server, byte[] request, int connections, int seconds, int perSecond)
      throws InterruptedException {
    List<Connection> found = new ArrayList<>();
    List<Future<?>> running = new ArrayList<>();
    long begin = System.nanoTime();
    long end = begin + seconds * 1_000_000_000L;
    long every = perSecond == 0 ? 0 : connections * 1_000_000_000L / perSecond;
    ExecutorService threads = Executors.newFixedThreadPool(connections);
    try {
      for (int i = 0; i < connections; i++) {
        Connection connection = new Connection();
        found.add(connection);
        running.add(threads.submit(() -> connection.run(server, request, end, every)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a connection failed", e.getCause());
    } finally {
      threads.shutdownNow();
    }
    double took = (System.nanoTime() - begin) / 1e9;
    int[] micros =
        found.stream()
            .flatMapToInt(connection -> Arrays.stream(connection.micros, 0, connection.count))
            .sorted()
            .toArray();
    long failures = found.stream().mapToLong(connection -> connection.failures).sum();
    return new Load(
        micros.length,
        failures,
        micros.length / took,
        quantile(micros, 0.5),
        quantile(micros, 0.99),
        quantile(micros, 1));
  }

  private static double quantile(int[] sorted, double share) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[(int) Math.ceil(share * sorted.length) - 1] / 1000.0;
  }
}
