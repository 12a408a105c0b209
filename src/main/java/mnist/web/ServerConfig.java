package mnist.web;

import io.javalin.config.Key;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;

/**
 * Where a {@link WebServer} listens, and its limits.
 *
 * @param host name or address to listen on
 * @param port port to listen on, 0 for any free port
 * @param portOption the option that sets the port, for error messages
 * @param timeout how long a client may send or read nothing, and how long the header and the body
 *     of a request may take
 */
public record ServerConfig(String host, int port, String portOption, Duration timeout) {
  static final String LOOPBACK = "127.0.0.1";
  static final int MAX_BODY_BYTES = 8 << 20;

  /** How long requests in progress may take to finish when the server closes. */
  static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(4);

  static final Key<ServerConfig> KEY = new Key<>("server-config");

  /** With the default timeout, 10 s. */
  public ServerConfig(String host, int port, String portOption) {
    this(host, port, portOption, Duration.ofSeconds(10));
  }

  /** A server that only this machine can reach. */
  public static ServerConfig local(int port, String portOption) {
    return new ServerConfig(LOOPBACK, port, portOption);
  }

  /** Whether only this machine can reach the server. */
  public boolean isLocal() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /**
   * Checks early, before anything that takes long, that the server can listen there.
   *
   * @throws IOException if the host is unknown or the port is in use
   */
  public void checkAvailable() throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
    } catch (UnknownHostException e) {
      throw new IOException("cannot listen on " + host + ": unknown host", e);
    } catch (BindException e) {
      throw portInUse(e);
    }
  }

  IOException portInUse(Exception cause) {
    return new IOException(
        "port %d is in use; choose another with %s, or 0 for any free port"
            .formatted(port, portOption),
        cause);
  }
}
