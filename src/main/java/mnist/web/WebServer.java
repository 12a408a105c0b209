package mnist.web;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.ContentType;
import io.javalin.http.Context;
import io.javalin.http.ForbiddenResponse;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.http.NotFoundResponse;
import io.javalin.json.JavalinJackson;
import io.javalin.util.JavalinBindException;
import io.javalin.util.JavalinException;
import io.javalin.util.JavalinLogger;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import mnist.platform.Json;
import org.eclipse.jetty.http.pathmap.RegexPathSpec;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.QoSHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A web server that serves any number of {@link RouteGroup}s. It rejects requests with a foreign
 * Host or Origin, so that no other web site can reach it through the user's browser, and reports
 * every error as one line of JSON, {@code {"error": "…"}}.
 */
public final class WebServer implements AutoCloseable {
  private static final int MAX_THREADS = 100;
  private static final int MAX_CONNECTIONS = 1000;

  /** Threads for responses so large that a slow client occupies one for as long as it reads. */
  private static final int MAX_LARGE_RESPONSES = 20;

  private static final int MAX_WAITING = 200;

  /**
   * What the operating system keeps of a response. A client is too slow that does not read a third
   * of it within the timeout; the system's own default, some megabytes, would hide that.
   */
  private static final int SEND_BUFFER = 1 << 17;

  private static final String LARGE_RESPONSES = "^/api/runs/[^/]+/(record|images/.*)$";
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
          + " form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

  private final ServerConfig config;
  private final List<RouteGroup> groups;
  private final Javalin javalin;

  private WebServer(ServerConfig config, List<RouteGroup> groups, Javalin javalin) {
    this.config = config;
    this.groups = groups;
    this.javalin = javalin;
  }

  /**
   * Starts a server. It owns its route groups: they are closed when the server is closed or cannot
   * start.
   *
   * @param log receives each internal error with its stack trace, and the id that the response has
   * @throws IOException if the server cannot listen at that address
   */
  public static WebServer start(ServerConfig given, Consumer<String> log, RouteGroup... groups)
      throws IOException {
    List<RouteGroup> owned = List.of(groups);
    ServerConfig config = given.allowingOwnNames();
    try {
      config.checkAvailable();
      Javalin javalin =
          Javalin.create(javalinConfig -> configure(javalinConfig, config, log, owned));
      return new WebServer(config, owned, javalin.start());
    } catch (JavalinBindException e) {
      owned.forEach(RouteGroup::close);
      throw config.portInUse(e);
    } catch (IOException | RuntimeException e) {
      owned.forEach(RouteGroup::close);
      throw e;
    }
  }

  private static void configure(
      JavalinConfig javalin, ServerConfig config, Consumer<String> log, List<RouteGroup> groups) {
    FaultLog faults = new FaultLog(log);
    javalin.startup.showJavalinBanner = false;
    javalin.startup.startupWatcherEnabled = false;
    javalin.startup.showOldJavalinVersionWarning = false;
    // On the same machine, compression costs more than it saves.
    javalin.http.compressionStrategy = CompressionStrategy.NONE;
    javalin.http.prefer405over404 = true;
    javalin.jsonMapper(new JavalinJackson(Json.MAPPER, false));
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS);
    threads.setDaemon(true);
    threads.setName("web");
    javalin.jetty.threadPool = threads;
    javalin.jetty.addConnector((jetty, http) -> connector(jetty, http, config));
    ConnectionHandler connections = new ConnectionHandler(config.timeout());
    connections.setHandler(limitLargeResponses(config));
    javalin.events.serverStarted(connections::schedulePoll);
    javalin.jetty.modifyServer(
        jetty -> {
          jetty.setStopTimeout(ServerConfig.SHUTDOWN_TIMEOUT.toMillis());
          jetty.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, jetty));
          jetty.setHandler(connections);
          jetty.setErrorHandler(new JsonErrors(faults));
        });
    javalin.appData(ServerConfig.KEY, config);
    javalin.appData(RequestBody.MEMORY, RequestBody.memory());
    javalin.routes.before(ctx -> checkHostAndOrigin(ctx, config));
    javalin.routes.after(WebServer::sendWithoutBlocking);
    javalin.routes.exception(HttpResponseException.class, WebServer::sendError);
    javalin.routes.exception(
        Exception.class,
        (e, ctx) ->
            ctx.status(HttpStatus.INTERNAL_SERVER_ERROR)
                .json(faults.add(ctx.method() + " " + ctx.path(), e)));
    // Such as OutOfMemoryError.
    javalin.router.javaLangErrorHandler((response, e) -> sendError(response, e, faults));
    Logger requests = LoggerFactory.getLogger(WebServer.class);
    javalin.requestLogger.http(
        (ctx, millis) ->
            requests.info("{} {}: {}, {} ms", ctx.method(), ctx.path(), ctx.statusCode(), millis));
    addFiles(javalin, "/shared/", "/mnist/shared/");
    groups.forEach(group -> group.register(javalin));
  }

  private static Connector connector(Server jetty, HttpConfiguration http, ServerConfig config) {
    http.setSendServerVersion(false);
    ServerConnector connector =
        new ServerConnector(jetty, 1, 1, new HttpConnectionFactory(http)) {
          @Override
          protected SocketChannelEndPoint newEndPoint(
              SocketChannel channel, ManagedSelector selector, SelectionKey key) {
            SocketChannelEndPoint endPoint = new EndPoint(channel, selector, key, getScheduler());
            endPoint.setIdleTimeout(getIdleTimeout());
            return endPoint;
          }
        };
    connector.setAcceptedSendBufferSize(SEND_BUFFER);
    connector.setHost(config.host());
    connector.setPort(config.port());
    connector.setIdleTimeout(config.timeout().toMillis());
    connector.setShutdownIdleTimeout(ServerConfig.SHUTDOWN_TIMEOUT.toMillis());
    return connector;
  }

  /** Drops the rest of a response that a client reads too slowly. */
  private static final class EndPoint extends SocketChannelEndPoint {
    EndPoint(
        SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
      super(channel, selector, key, scheduler);
    }

    @Override
    public void doClose() {
      if (getWriteFlusher().isPending() || getWriteFlusher().isFailed()) {
        try {
          // Otherwise the operating system would keep sending after the connection is closed.
          getChannel().setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
          // closed already
        }
      }
      super.doClose();
    }
  }

  private static QoSHandler limitLargeResponses(ServerConfig config) {
    QoSHandler handler = new QoSHandler();
    handler.include(new RegexPathSpec(LARGE_RESPONSES));
    handler.setMaxRequestCount(MAX_LARGE_RESPONSES);
    handler.setMaxSuspendedRequestCount(MAX_WAITING);
    handler.setMaxSuspend(config.timeout());
    return handler;
  }

  /** Lets Jetty send a response that is in memory, so that a slow client occupies no thread. */
  private static void sendWithoutBlocking(Context ctx) throws IOException {
    if (ctx.resultInputStream() instanceof ByteArrayInputStream response) {
      ctx.res().setBufferSize(response.available() + 1);
    }
  }

  /** Adds a route for GET, and for HEAD, which has the same header. */
  static void get(JavalinConfig javalin, String path, Handler handler) {
    javalin.routes.get(path, handler);
    javalin.routes.head(path, handler);
  }

  /**
   * Serves the files of a folder on the class path, with {@code index.html} as the folder's page.
   *
   * @param path where they appear, "/" or such as "/charts/"
   * @param folder such as "/mnist/view/"
   */
  static void addFiles(JavalinConfig javalin, String path, String folder) {
    get(javalin, path, ctx -> sendFile(ctx, folder + "index.html"));
    get(javalin, path + "{file}", ctx -> sendFile(ctx, folder + ctx.pathParam("file")));
  }

  /** Sends a file of the class path. */
  static void sendFile(Context ctx, String resource) throws IOException {
    String extension = resource.substring(resource.lastIndexOf('.') + 1);
    String type = ContentType.mimeTypeByExtension(extension);
    try (InputStream file = WebServer.class.getResourceAsStream(resource)) {
      if (resource.contains("..") || file == null || type == null) {
        throw new NotFoundResponse("there is no " + ctx.path());
      }
      ctx.contentType(type).header("Cache-Control", "no-cache").result(file.readAllBytes());
    }
  }

  private static void checkHostAndOrigin(Context ctx, ServerConfig config) {
    ctx.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    ctx.header("X-Content-Type-Options", "nosniff");
    String hostAndPort = String.valueOf(ctx.host()).toLowerCase(Locale.ROOT);
    String host = hostAndPort.replaceFirst(":\\d+$", "");
    if (!config.isAllowed(host)) {
      throw new ForbiddenResponse(
          "unexpected Host %s, expected %s%s"
              .formatted(
                  host,
                  config.host(),
                  config.isLocal()
                      ? ""
                      : ", an address of this machine, or its name; --allow-host allows others"));
    }
    String origin = ctx.header("Origin");
    // A proxy may be reached by HTTPS.
    String scheme = config.allowedHosts().contains(host) ? "https?://" : "http://";
    if (origin != null
        && !origin.toLowerCase(Locale.ROOT).matches(scheme + Pattern.quote(hostAndPort))) {
      throw new ForbiddenResponse(
          "unexpected Origin %s, expected http://%s".formatted(origin, hostAndPort));
    }
  }

  private static void sendError(HttpResponseException e, Context ctx) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof MethodNotAllowedResponse) {
      String allowed = e.getDetails().get("availableMethods");
      ctx.header("Allow", allowed);
      message = "method %s is not allowed here, expected %s".formatted(ctx.method(), allowed);
    }
    if (e.getStatus() == HttpStatus.SERVICE_UNAVAILABLE.getCode()) {
      ctx.header("Retry-After", JsonErrors.RETRY_AFTER_SECONDS);
    }
    ctx.status(e.getStatus()).json(Map.of("error", message));
  }

  private static void sendError(HttpServletResponse response, Error e, FaultLog faults) {
    try {
      byte[] json = Json.MAPPER.writeValueAsBytes(faults.add("a request", e));
      response.setStatus(HttpStatus.INTERNAL_SERVER_ERROR.getCode());
      response.setContentType("application/json");
      response.getOutputStream().write(json);
    } catch (IOException gone) {
      // The client has disconnected; the fault is in the log.
    }
  }

  /** Logs every request, and what Jetty does; to be called before the first server starts. */
  public static void logVerbosely() {
    for (String logger : List.of("mnist", "io.javalin", "org.eclipse.jetty")) {
      System.setProperty("org.slf4j.simpleLogger.log." + logger, "info");
    }
  }

  /** The address of the server's root, such as {@code http://127.0.0.1:8080/}. */
  public String address() {
    return "http://%s:%d/".formatted(config.hostInUrls(), javalin.port());
  }

  /** Accepts no more requests, completes those in progress, and closes the route groups. */
  @Override
  public void close() {
    try {
      JavalinLogger.enabled = false; // it would log the end of the grace period as an error
      javalin.stop();
    } catch (JavalinException e) {
      if (!(e.getCause() instanceof TimeoutException)) {
        throw e;
      } // otherwise the grace period is over, and Jetty has closed what was left
    } finally {
      JavalinLogger.enabled = true;
      groups.forEach(RouteGroup::close);
    }
  }
}
