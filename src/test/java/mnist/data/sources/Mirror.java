package mnist.data.sources;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A web server on this machine, good or bad. */
final class Mirror implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  /** A server that answers everything in one way. */
  Mirror(HttpHandler answer) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            asked.add(fileOf(exchange));
            answer.handle(exchange);
          }
        });
    server.start();
  }

  /** A server that has the files of a set. */
  static Mirror of(SmallSet set) throws IOException {
    return new Mirror(exchange -> send(exchange, set.gz(fileOf(exchange).replace(".gz", ""))));
  }

  /** A server that sends half of a file, and then nothing. */
  static Mirror thatStalls(byte[] content) throws IOException {
    return new Mirror(
        exchange -> {
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, content.length / 2);
          exchange.getResponseBody().flush();
          pause(60_000);
        });
  }

  /** A server that sends a byte now and then, without end. */
  static Mirror thatTrickles() throws IOException {
    return new Mirror(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(0x1f); // until the client has closed
            exchange.getResponseBody().flush();
            pause(20);
          }
        });
  }

  /** Waits, though not when the server is closed. */
  private static void pause(long milliseconds) throws IOException {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  /** An address where no server listens. */
  static URI nowhere() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return address(socket.getLocalPort());
    }
  }

  static void send(HttpExchange exchange, byte[] content) throws IOException {
    exchange.sendResponseHeaders(200, content.length);
    exchange.getResponseBody().write(content);
  }

  private static String fileOf(HttpExchange exchange) {
    return Path.of(exchange.getRequestURI().getPath()).getFileName().toString();
  }

  private static URI address(int port) {
    return URI.create("http://127.0.0.1:" + port + "/mnist/");
  }

  URI address() {
    return address(server.getAddress().getPort());
  }

  /** The files that were asked for, in that order. */
  List<String> asked() {
    return asked;
  }

  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
  }
}
