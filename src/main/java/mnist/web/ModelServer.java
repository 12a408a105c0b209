package mnist.web;

import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import mnist.platform.ErrorMessages;

/**
 * A trained model behind HTTP: {@link ModelApi} and {@link DrawingApi}, a page to draw on at {@code
 * /}, {@code /openapi.json}, {@code /healthz} and {@code /metrics}.
 */
public final class ModelServer implements AutoCloseable {
  private static final int MOST_BYTES = 8 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LEAVE = Duration.ofSeconds(4);
  private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST");

  private final ServedModel served;
  private final ServedRunModels runs;
  private final ModelApi api;
  private final DrawingApi drawing;
  private final ServerMetrics traffic = new ServerMetrics();
  private final Consumer<String> log;
  private final WebServer.Terms terms;
  private final WebServer server;

  /**
   * Where and under which name.
   *
   * @param name of the model
   * @param host the name or address to listen at
   * @param port where to listen, 0 for any free port
   * @param option names the option that chooses the port, for people
   */
  public record Place(String name, String host, int port, String option) {}

  /**
   * Loads the model and starts serving it.
   *
   * @param model the folder of a SavedModel, or one of versions {@code 1/}, {@code 2/} …
   * @param runs folder with runs, whose models the page can ask too; it need not exist
   * @param log hears, a line each, of versions that come or cannot be loaded, and of faults
   * @throws IOException one line that says why it cannot be served
   */
  public ModelServer(Place place, Path model, Path runs, Consumer<String> log) throws IOException {
    this(place, model, runs, log, PATIENCE);
  }

  /** The same, with another patience with clients that stall. */
  ModelServer(Place place, Path model, Path runs, Consumer<String> log, Duration patience)
      throws IOException {
    this.log = log;
    terms =
        new WebServer.Terms(
            place.host(), place.port(), place.option(), METHODS, MOST_BYTES, patience, LEAVE);
    served = ServedModel.open(place.name(), model, log);
    this.runs = new ServedRunModels(runs, log);
    ServedModels models = new ServedModels(served, this.runs);
    api = new ModelApi(models, terms, traffic);
    drawing = new DrawingApi(models, terms, traffic);
    try {
      server = WebServer.start(terms, this::configure);
    } catch (IOException | RuntimeException e) {
      api.close();
      served.close();
      throw e;
    }
  }

  private void configure(JavalinConfig config) {
    config.routes.exception(Exception.class, this::fault);
    config.requestLogger.http(traffic::count);
    config.routes.get("/", ctx -> WebServer.send(ctx, "/mnist/serve/index.html"));
    WebServer.addFiles(config, "/shared/", "/mnist/shared/");
    config.routes.get("/page/models", drawing::models);
    config.routes.post("/page/look", drawing::look);
    config.routes.post("/v1/digits", drawing::digit);
    config.routes.get("/v1/<path>", api::look);
    config.routes.post("/v1/<path>", api::ask);
    config.routes.get("/healthz", ctx -> ctx.json(Map.of("status", "ok")));
    config.routes.get("/metrics", traffic::send);
    WebServer.addFiles(config, "/", "/mnist/serve/"); // last, as it matches any name
  }

  /** A fault of this program's, not of whoever asked. */
  private void fault(Exception e, Context ctx) {
    log.accept("%s %s failed: %s".formatted(ctx.method(), ctx.path(), ErrorMessages.summarize(e)));
    WebServer.error(
        ctx, HttpStatus.INTERNAL_SERVER_ERROR.getCode(), "the server failed; its log says why");
  }

  /** Whether only this machine is answered. */
  public boolean isLocal() {
    return terms.isLocal();
  }

  /** Where it is, such as {@code http://127.0.0.1:8501/}. */
  public String address() {
    return server.address();
  }

  /** What is served, in a few words. */
  public String title() {
    LoadedVersion version = served.served();
    return "%s, version %d%s"
        .formatted(
            served.name(),
            version.number(),
            version
                .card()
                .map(card -> " (%s, %s)".formatted(card.stage(), card.title()))
                .orElse(""));
  }

  /** Takes no more requests, answers those under way, and closes the models: within 5 s. */
  @Override
  public void close() {
    server.close();
    api.close();
    runs.close();
    served.close();
  }
}
