package mnist.web;

import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Closes connections whose request header takes too long to arrive, and on shutdown those without a
 * request in progress. Jetty's idle timeout does not notice a client that sends a byte now and
 * then.
 */
final class ConnectionHandler extends GracefulHandler {
  private static final long MAX_POLL_MILLIS = 1000;

  private final Duration timeout;
  private final Map<Connection, Request> busy = new ConcurrentHashMap<>();
  private Map<EndPoint, Snapshot> snapshots = new HashMap<>();

  /** How much a connection had received when it was last busy, or first seen since. */
  private record Snapshot(long requests, long bytes, long nanoTime) {}

  ConnectionHandler(Duration timeout) {
    this.timeout = timeout;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    Connection connection = request.getConnectionMetaData().getConnection();
    busy.put(connection, request);
    Request.addCompletionListener(request, failure -> busy.remove(connection, request));
    return super.handle(request, response, callback);
  }

  /**
   * Whether the client of a request, whose body has been read, has closed its side of the
   * connection. Jetty would notice only when it reads the next request.
   */
  static boolean isClosedByClient(Context ctx) {
    EndPoint endPoint =
        ServletContextRequest.getServletContextRequest(ctx.req())
            .getConnectionMetaData()
            .getConnection()
            .getEndPoint();
    try {
      int read = ((SocketChannel) endPoint.getTransport()).read(ByteBuffer.allocate(1));
      if (read > 0) {
        ctx.header("Connection", "close"); // to the next request, one byte is missing
      }
      return read < 0;
    } catch (IOException e) {
      return true;
    }
  }

  /** Starts watching the connections; called when the server has started. */
  void schedulePoll() {
    long millis = Math.min(MAX_POLL_MILLIS, timeout.toMillis() / 10);
    getServer().getScheduler().schedule(this::poll, millis, TimeUnit.MILLISECONDS);
  }

  private void poll() {
    Map<EndPoint, Snapshot> current = new HashMap<>();
    for (EndPoint endPoint : endPoints()) {
      Connection connection = endPoint.getConnection();
      boolean isBusy = busy.containsKey(connection);
      long requests = connection.getMessagesIn();
      Snapshot snapshot = snapshots.get(endPoint);
      if (isBusy || snapshot == null || snapshot.requests != requests) {
        // On a new connection every byte received belongs to a header.
        long bytes = requests == 0 ? 0 : connection.getBytesIn();
        snapshot = new Snapshot(requests, bytes, System.nanoTime());
      }
      boolean headerStarted = !isBusy && connection.getBytesIn() > snapshot.bytes;
      if (headerStarted && System.nanoTime() - snapshot.nanoTime > timeout.toNanos()) {
        endPoint.close();
      } else {
        current.put(endPoint, snapshot);
      }
    }
    snapshots = current;
    schedulePoll();
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    for (EndPoint endPoint : endPoints()) {
      if (!busy.containsKey(endPoint.getConnection())) {
        endPoint.close();
      }
    }
    return super.shutdown();
  }

  private List<EndPoint> endPoints() {
    return Stream.of(getServer().getConnectors())
        .flatMap(connector -> connector.getConnectedEndPoints().stream())
        .filter(endPoint -> endPoint.getConnection() != null)
        .toList();
  }
}
