package mnist.web;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.ForbiddenResponse;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.http.NotFoundResponse;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import mnist.platform.Reason;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * A web server for this machine alone: it listens on 127.0.0.1, answers only those who ask for it
 * by that name, so that no page from elsewhere can reach it through the browser, and says in one
 * line of JSON what it cannot do.
 */
public final class LocalServer implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int MOST_THREADS = 100;

  /** What browsers call this machine. */
  private static final Set<String> NAMES = Set.of(LOOPBACK, "localhost", "[::1]");

  /** A page takes scripts, styles and pictures from here and nowhere else. */
  private static final String ONLY_FROM_HERE =
      "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  private final Javalin server;

  private LocalServer(Javalin server) {
    this.server = server;
  }

  /**
   * Starts it.
   *
   * @param port where to listen, 0 for any free port
   * @param option names the option that chooses the port, for people
   * @param further its routes and files
   * @throws IOException if the port is in use
   */
  public static LocalServer start(int port, String option, Consumer<JavalinConfig> further)
      throws IOException {
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
              config.jetty.modifyServer(jetty -> jetty.setStopTimeout(0));
              config.routes.before(LocalServer::refuseStrangers);
              config.routes.exception(HttpResponseException.class, LocalServer::refused);
              config.routes.exception(
                  Exception.class,
                  (e, ctx) -> error(ctx, HttpStatus.NOT_FOUND.getCode(), Reason.inOneLine(e)));
              further.accept(config);
            });
    try {
      return new LocalServer(server.start(LOOPBACK, port));
    } catch (JavalinBindException e) {
      throw new IOException(
          "port %d is in use; choose another with %s, 0 for any free one".formatted(port, option),
          e);
    }
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
    InputStream in = LocalServer.class.getResourceAsStream(resource);
    if (resource.contains("..") || in == null || !TYPES.containsKey(ending)) {
      throw new NotFoundResponse("there is nothing at " + ctx.path());
    }
    ctx.contentType(TYPES.get(ending)).header("Cache-Control", "no-cache").result(in);
  }

  private static void refuseStrangers(Context ctx) {
    ctx.header("Content-Security-Policy", ONLY_FROM_HERE);
    ctx.header("X-Content-Type-Options", "nosniff");
    String host = String.valueOf(ctx.host()).toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", "");
    if (!NAMES.contains(host)) {
      throw new ForbiddenResponse("asked for by the name " + host + ", expected " + LOOPBACK);
    }
    if (!Set.of("GET", "HEAD").contains(ctx.method().name())) {
      throw new MethodNotAllowedResponse(
          "nothing can be changed here; expected GET, found " + ctx.method(), Map.of());
    }
  }

  private static void refused(HttpResponseException e, Context ctx) {
    error(ctx, e.getStatus(), String.valueOf(e.getMessage()));
  }

  private static void error(Context ctx, int status, String message) {
    ctx.status(status).json(Map.of("error", message));
  }

  /** Where it is, such as {@code http://127.0.0.1:8080/}. */
  public String address() {
    return "http://" + LOOPBACK + ":" + server.port() + "/";
  }

  @Override
  public void close() {
    server.stop();
  }
}
