package mnist.web;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;

/**
 * Cuts off clients that send the head of a request a few bytes at a time. Jetty itself notices only
 * those that send nothing at all.
 */
final class SlowClients implements AutoCloseable {
  private static final long LOOK_MILLIS = 1000;

  private final Server server;
  private final long patienceNanos;
  private final ScheduledExecutorService looking =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "slow-clients");
            thread.setDaemon(true);
            return thread;
          });
  private Map<EndPoint, Seen> seen = new HashMap<>();

  /** When a connection was seen first with so many whole requests and bytes. */
  private record Seen(long requests, long bytes, long at) {}

  SlowClients(Server server, Duration patience) {
    this.server = server;
    patienceNanos = patience.toNanos();
    looking.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void look() {
    Map<EndPoint, Seen> now = new HashMap<>();
    for (Connector connector : server.getConnectors()) {
      for (EndPoint client : connector.getConnectedEndPoints()) {
        Connection connection = client.getConnection();
        if (connection == null) {
          continue;
        }
        long requests = connection.getMessagesIn();
        Seen before = seen.get(client);
        if (before == null || before.requests != requests) {
          // Of a connection that is new, every byte counts as one of a head.
          long bytes = requests == 0 ? 0 : connection.getBytesIn();
          before = new Seen(requests, bytes, System.nanoTime());
        }
        boolean idle = connection.getMessagesOut() == requests;
        boolean begun = connection.getBytesIn() > before.bytes;
        if (idle && begun && System.nanoTime() - before.at > patienceNanos) {
          client.close();
        } else {
          now.put(client, before);
        }
      }
    }
    seen = now;
  }

  /** Stops looking, and cuts off whoever has no request under way. */
  @Override
  public void close() {
    looking.shutdownNow();
    for (Connector connector : server.getConnectors()) {
      for (EndPoint client : connector.getConnectedEndPoints()) {
        Connection connection = client.getConnection();
        if (connection != null && connection.getMessagesOut() == connection.getMessagesIn()) {
          client.close();
        }
      }
    }
  }
}
