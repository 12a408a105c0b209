package mnist.web;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.ContentTooLargeResponse;
import io.javalin.http.Context;
import io.javalin.http.ForbiddenResponse;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.http.NotFoundResponse;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import mnist.platform.ErrorMessages;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * A web server for this machine: it listens on 127.0.0.1 unless told otherwise, answers only those
 * who ask for it by that name, so that no page from elsewhere can reach it through the browser, and
 * says in one line of JSON what it cannot do.
 */
public final class WebServer implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int MOST_THREADS = 100;
  private static final int CHUNK = 1 << 16;

  /** Of a body that is too large, so many times what is allowed is read and forgotten. */
  private static final int PASSED_OVER = 8;

  /** What browsers call this machine. */
  private static final Set<String> NAMES = Set.of(LOOPBACK, "localhost", "[::1]");

  /** An address is no name that someone could make point here. */
  private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|\\[[0-9a-f:.]+\\]");

  /** A page takes scripts, styles and pictures from here and nowhere else. */
  private static final String ONLY_FROM_HERE =
      "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml");

  private final Javalin server;
  private final Terms terms;
  private final SlowClients slow;

  /**
   * What a server lets its clients do.
   *
   * @param host the name or address to listen at
   * @param port where to listen, 0 for any free port
   * @param option names the option that chooses the port, for people
   * @param methods of HTTP
   * @param mostBytes of a request's body
   * @param patience with a client that sends or takes nothing, or all too slowly
   * @param leave so long requests under way have when it closes
   */
  public record Terms(
      String host,
      int port,
      String option,
      Set<String> methods,
      int mostBytes,
      Duration patience,
      Duration leave) {

    /** For looking only, on this machine only. */
    public static Terms readOnly(int port, String option) {
      return new Terms(
          LOOPBACK,
          port,
          option,
          Set.of("GET", "HEAD"),
          0,
          Duration.ofSeconds(30),
          Duration.ZERO); // whoever follows a run would never leave
    }

    /** Whether only this machine is answered. */
    public boolean isLocal() {
      try {
        return InetAddress.getByName(host).isLoopbackAddress();
      } catch (UnknownHostException e) {
        return false;
      }
    }
  }

  private WebServer(Javalin server, Terms terms) {
    this.server = server;
    this.terms = terms;
    slow = new SlowClients(server.jettyServer().server(), terms.patience());
  }

  /**
   * Starts one for looking only.
   *
   * @param port where to listen, 0 for any free port
   * @param option names the option that chooses the port, for people
   * @param further its routes and files
   * @throws IOException if the port is in use
   */
  public static WebServer start(int port, String option, Consumer<JavalinConfig> further)
      throws IOException {
    return start(Terms.readOnly(port, option), further);
  }

  /**
   * Starts one.
   *
   * @param further its routes and files
   * @throws IOException if it cannot listen there
   */
  public static WebServer start(Terms terms, Consumer<JavalinConfig> further) throws IOException {
    try {
      InetAddress.getByName(terms.host());
    } catch (UnknownHostException e) {
      throw new IOException("there is no host " + terms.host() + " to listen at", e);
    }
    Javalin server =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.startup.startupWatcherEnabled = false;
              config.startup.showOldJavalinVersionWarning = false;
              // On one machine, packing costs more than sending.
              config.http.compressionStrategy = CompressionStrategy.NONE;
              QueuedThreadPool threads = new QueuedThreadPool(MOST_THREADS);
              threads.setDaemon(true);
              threads.setName("web");
              config.jetty.threadPool = threads;
              config.jetty.addConnector((jetty, http) -> connector(jetty, http, terms));
              config.jetty.modifyServer(
                  jetty -> {
                    jetty.setStopTimeout(terms.leave().toMillis());
                    if (!terms.leave().isZero()) {
                      jetty.setHandler(new GracefulHandler());
                    }
                    jetty.setErrorHandler(new JsonErrors());
                  });
              config.routes.before(ctx -> checkHostAndOrigin(ctx, terms));
              config.routes.exception(HttpResponseException.class, WebServer::refused);
              config.routes.exception(
                  Exception.class,
                  (e, ctx) ->
                      error(ctx, HttpStatus.NOT_FOUND.getCode(), ErrorMessages.summarize(e)));
              further.accept(config);
            });
    try {
      return new WebServer(server.start(), terms);
    } catch (JavalinBindException e) {
      throw new IOException(
          "port %d is in use; choose another with %s, 0 for any free one"
              .formatted(terms.port(), terms.option()),
          e);
    }
  }

  private static Connector connector(Server jetty, HttpConfiguration http, Terms terms) {
    http.setSendServerVersion(false);
    ServerConnector connector = new ServerConnector(jetty, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(terms.host());
    connector.setPort(terms.port());
    connector.setIdleTimeout(terms.patience().toMillis());
    connector.setShutdownIdleTimeout(terms.leave().toMillis());
    return connector;
  }

  /**
   * Serves the files of a folder of the class path, such as those of a page.
   *
   * @param path where they are found, "/" or such as "/charts/"
   * @param folder such as "/mnist/view/"
   */
  public static void addFiles(JavalinConfig config, String path, String folder) {
    config.routes.get(path + "{file}", ctx -> send(ctx, folder + ctx.pathParam("file")));
  }

  /** Sends one file of the class path. */
  public static void send(Context ctx, String resource) {
    String ending = resource.substring(resource.lastIndexOf('.') + 1);
    InputStream in = WebServer.class.getResourceAsStream(resource);
    if (resource.contains("..") || in == null || !TYPES.containsKey(ending)) {
      throw new NotFoundResponse("there is nothing at " + ctx.path());
    }
    ctx.contentType(TYPES.get(ending)).header("Cache-Control", "no-cache").result(in);
  }

  /**
   * All of a request's body.
   *
   * @throws HttpResponseException 413 if it is larger than these terms allow, 408 if it takes
   *     longer than they have patience for, 400 if it ends early
   */
  public static byte[] body(Context ctx, Terms terms) {
    long said = ctx.req().getContentLengthLong();
    long end = System.nanoTime() + terms.patience().toNanos();
    try {
      if (said > terms.mostBytes()) {
        drain(ctx.req().getInputStream(), terms, end);
        throw tooLarge(terms, String.valueOf(said));
      }
      InputStream in = ctx.req().getInputStream();
      byte[] body = new byte[said < 0 ? CHUNK : (int) said];
      int count = 0;
      while (said < 0 || count < said) {
        if (count > terms.mostBytes()) {
          drain(in, terms, end);
          throw tooLarge(terms, "more");
        }
        if (count == body.length) {
          body = Arrays.copyOf(body, Math.min(2 * count, terms.mostBytes() + 1));
        }
        int read = in.read(body, count, body.length - count);
        if (read < 0) {
          break;
        }
        count += read;
        if (System.nanoTime() > end) {
          throw tooSlow(terms);
        }
      }
      return count == body.length ? body : Arrays.copyOf(body, count);
    } catch (IOException e) {
      if (e.getCause() instanceof TimeoutException) {
        throw tooSlow(terms);
      }
      throw new BadRequestResponse("the body ends early: " + ErrorMessages.summarize(e));
    }
  }

  /** Most clients read no answer before they have sent everything; how much that is has an end. */
  private static void drain(InputStream in, Terms terms, long end) throws IOException {
    byte[] chunk = new byte[CHUNK];
    long left = (long) PASSED_OVER * terms.mostBytes();
    for (int read = 0; read >= 0 && left > 0 && System.nanoTime() < end; read = in.read(chunk)) {
      left -= read;
    }
  }

  private static HttpResponseException tooLarge(Terms terms, String found) {
    return new ContentTooLargeResponse(
        "the body may have %d bytes, found %s".formatted(terms.mostBytes(), found), Map.of());
  }

  private static HttpResponseException tooSlow(Terms terms) {
    return new HttpResponseException(
        HttpStatus.REQUEST_TIMEOUT.getCode(),
        "the body did not arrive within %d s".formatted(terms.patience().toSeconds()),
        Map.of());
  }

  private static void checkHostAndOrigin(Context ctx, Terms terms) {
    ctx.header("Content-Security-Policy", ONLY_FROM_HERE);
    ctx.header("X-Content-Type-Options", "nosniff");
    String asked = String.valueOf(ctx.host()).toLowerCase(Locale.ROOT);
    String host = asked.replaceFirst(":\\d+$", "");
    if (!isAllowedHost(host, terms)) {
      throw new ForbiddenResponse("asked for by the name " + host + ", expected " + terms.host());
    }
    String origin = ctx.header("Origin");
    if (origin != null && !origin.toLowerCase(Locale.ROOT).equals("http://" + asked)) {
      throw new ForbiddenResponse(
          "a page from %s asks, expected one from http://%s".formatted(origin, asked));
    }
    if (!terms.methods().contains(ctx.method().name())) {
      String expected = String.join(" or ", new TreeSet<>(terms.methods()));
      ctx.header("Allow", String.join(", ", new TreeSet<>(terms.methods())));
      throw new MethodNotAllowedResponse(
          "nothing can be changed here; expected %s, found %s".formatted(expected, ctx.method()),
          Map.of());
    }
  }

  private static boolean isAllowedHost(String host, Terms terms) {
    return NAMES.contains(host)
        || !terms.isLocal()
            && (host.equals(terms.host().toLowerCase(Locale.ROOT))
                || ADDRESS.matcher(host).matches());
  }

  private static void refused(HttpResponseException e, Context ctx) {
    error(ctx, e.getStatus(), String.valueOf(e.getMessage()));
  }

  /** Answers with one line of JSON. */
  public static void error(Context ctx, int status, String message) {
    ctx.status(status).json(Map.of("error", message));
  }

  /** Where it is, such as {@code http://127.0.0.1:8080/}. */
  public String address() {
    // Where it listens at every address, this one is among them.
    String host = terms.host().equals("0.0.0.0") ? LOOPBACK : terms.host();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port() + "/";
  }

  /** Takes no more requests and, if its terms give them leave, answers those under way. */
  @Override
  public void close() {
    slow.close();
    server.stop();
  }
}
