package mnist.web;

import io.javalin.config.Key;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mnist.platform.ErrorMessages;

/**
 * Where a {@link WebServer} listens, and its limits.
 *
 * @param host name or address to listen on
 * @param port port to listen on, 0 for any free port
 * @param portOption the option that sets the port, for error messages
 * @param timeout how long a client may send or read nothing, and how long the header and the body
 *     of a request may take
 * @param allowedHosts other names that clients may reach the server by, in lower case
 */
public record ServerConfig(
    String host, int port, String portOption, Duration timeout, Set<String> allowedHosts) {
  static final String LOOPBACK = "127.0.0.1";
  static final int MAX_BODY_BYTES = 8 << 20;

  /** How long requests in progress may take to finish when the server closes. */
  static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(4);

  static final Key<ServerConfig> KEY = new Key<>("server-config");

  private static final Set<String> LOCAL_NAMES = Set.of(LOOPBACK, "localhost", "[::1]");

  /** An IP address, which unlike a name cannot be redirected to this machine by DNS. */
  private static final Pattern IP_ADDRESS =
      Pattern.compile("[0-9]+(\\.[0-9]+){3}|\\[[0-9a-f:.]+\\]");

  private static final int UNPRIVILEGED_PORT = 1024;

  /** With the default timeout, 10 s. */
  public ServerConfig(String host, int port, String portOption) {
    this(host, port, portOption, Duration.ofSeconds(10), Set.of());
  }

  /** A server that only this machine can reach. */
  public static ServerConfig local(int port, String portOption) {
    return new ServerConfig(LOOPBACK, port, portOption);
  }

  /** The same, with other names that clients may reach the server by, such as that of a proxy. */
  public ServerConfig allowing(Collection<String> hosts) {
    return new ServerConfig(
        host,
        port,
        portOption,
        timeout,
        hosts.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet()));
  }

  /** The same, with this machine's own names if others can reach the server. */
  ServerConfig allowingOwnNames() {
    if (isLocal()) {
      return this;
    }
    Set<String> names = new HashSet<>(allowedHosts);
    try {
      InetAddress machine = InetAddress.getLocalHost();
      names.add(machine.getHostName());
      names.add(machine.getHostName() + ".local"); // as multicast DNS names it
      names.add(machine.getCanonicalHostName());
    } catch (UnknownHostException e) {
      // It has no name that others could know.
    }
    return allowing(names);
  }

  /**
   * Whether a request may name the server so. Otherwise another web site could have its own name
   * resolved to this machine, and read what the server sends.
   *
   * @param name in lower case, without a port
   */
  boolean isAllowed(String name) {
    return LOCAL_NAMES.contains(name)
        || allowedHosts.contains(name)
        || name.equals(inUrl(host.toLowerCase(Locale.ROOT)))
        || !isLocal() && IP_ADDRESS.matcher(name).matches();
  }

  /** The host in URLs that this machine can use. */
  String hostInUrls() {
    try {
      if (InetAddress.getByName(host).isAnyLocalAddress()) {
        return host.contains(":") ? "[::1]" : LOOPBACK;
      }
    } catch (UnknownHostException e) {
      // The server cannot have started.
    }
    return inUrl(host);
  }

  private static String inUrl(String host) {
    return host.contains(":") ? "[" + host + "]" : host;
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
   * @throws IOException if the host is unknown or not this machine, if the port is in use, or if it
   *     needs a permission
   */
  public void checkAvailable() throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      InetAddress address = InetAddress.getByName(host);
      if (!address.isAnyLocalAddress() && NetworkInterface.getByInetAddress(address) == null) {
        throw new IOException(
            "cannot listen on %s: it is not an address of this machine".formatted(host));
      }
      socket.bind(new InetSocketAddress(address, port));
    } catch (UnknownHostException e) {
      throw new IOException("cannot listen on " + host + ": unknown host", e);
    } catch (BindException e) {
      throw port < UNPRIVILEGED_PORT && !isAnswered() ? permissionDenied(e) : portInUse(e);
    } catch (SocketException e) {
      throw new IOException(
          "cannot listen on %s: %s".formatted(host, ErrorMessages.summarize(e)), e);
    }
  }

  /** Whether somebody listens there; the text of a BindException is in the system's language. */
  private boolean isAnswered() {
    try (Socket socket = new Socket()) {
      InetAddress address = InetAddress.getByName(host);
      socket.connect(
          new InetSocketAddress(
              address.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address, port),
          1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private IOException permissionDenied(Exception cause) {
    return new IOException(
        "no permission to listen on port %d; choose one from %d on with %s"
            .formatted(port, UNPRIVILEGED_PORT, portOption),
        cause);
  }

  IOException portInUse(Exception cause) {
    return new IOException(
        "port %d is in use; choose another with %s, or 0 for any free port"
            .formatted(port, portOption),
        cause);
  }
}
