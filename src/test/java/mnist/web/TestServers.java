package mnist.web;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;

/** Servers of a model with the same routes as that of {@link mnist.app.Serve}, but impatient. */
final class TestServers {
  private TestServers() {}

  /**
   * Starts a server on a free port.
   *
   * @param model a SavedModel or a folder of versions, served as "mnist"
   */
  static WebServer start(
      Path model, Path runs, Duration timeout, Duration pollInterval, Consumer<String> log)
      throws IOException {
    ModelRegistry models =
        new ModelRegistry(
            ServedModel.open("mnist", model, log, pollInterval),
            new RunModels(runs, () -> {}, log));
    ServerMetrics metrics = new ServerMetrics();
    return WebServer.start(
        new ServerConfig("127.0.0.1", 0, "--port", timeout, Set.of()),
        log,
        new DrawingRoutes(models, metrics),
        new ModelRoutes(models, metrics),
        metrics,
        WebPages.drawing("/"));
  }
}
