package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.javalin.config.JavalinConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import mnist.runs.RunFolders;
import mnist.web.TestClient.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server does whichever routes it has. */
class WebServerTest {
  @TempDir Path folder;
  private final List<String> log = new CopyOnWriteArrayList<>();

  @Test
  void servesAllRouteGroupsAtOneAddress() throws Exception {
    Path model = TrainedRuns.poor(folder.resolve("poor"));
    ModelRegistry models = ModelRegistry.open("mnist", model, folder, log::add);
    ServerMetrics metrics = new ServerMetrics();
    try (WebServer server =
        WebServer.start(
            ServerConfig.local(0, "--port"),
            log::add,
            new RunRoutes(new RunFolders(folder, log::add), new RunDataSets(), models.runs()),
            new DrawingRoutes(models, metrics),
            new ModelRoutes(models, metrics),
            metrics,
            WebPages.drawing("/draw/"),
            WebPages.runs("/"))) {
      TestClient client = new TestClient(server.address());
      assertThat(client.get("/").body()).contains("<title>Training on MNIST");
      assertThat(client.get("/draw/").body()).contains("<title>Draw a digit");
      assertThat(client.policy("/"))
          .contains("form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'");
      for (String path :
          List.of(
              "/main.js",
              "/draw/main.js",
              "/shared/style.css",
              "/uplot/uPlot.esm.js",
              "/openapi.json",
              "/api/runs/poor",
              "/api/runs/poor/probabilities/test/0",
              "/api/runs/poor/follow",
              "/page/models",
              "/v1/models/poor",
              "/healthz",
              "/metrics")) {
        Response get = client.get(path);
        Response head =
            client.send(client.request(path).method("HEAD", BodyPublishers.noBody()).build());
        assertThat(get.status()).as(path).isEqualTo(200);
        assertThat(head.status()).as(path).isEqualTo(200);
        assertThat(head.type()).as(path).isEqualTo(get.type());
      }
    }
    assertThat(log).isEmpty();
  }

  /** A group with a route that fails, which counts how often it is closed. */
  private static final class FailingRoutes implements RouteGroup {
    final AtomicInteger closed = new AtomicInteger();

    @Override
    public void register(JavalinConfig config) {
      config.routes.get(
          "/fail",
          ctx -> {
            throw new IllegalStateException("a secret of the server");
          });
      config.routes.get(
          "/memory",
          ctx -> {
            throw new OutOfMemoryError("a secret of the heap");
          });
      config.routes.get(
          "/later",
          ctx ->
              ctx.future(
                  () ->
                      CompletableFuture.runAsync(
                          () -> {
                            throw new OutOfMemoryError("a secret of the queue");
                          })));
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  @Test
  void logsItsFaultsWithoutDisclosingThem() throws Exception {
    FailingRoutes routes = new FailingRoutes();
    try (WebServer server = WebServer.start(ServerConfig.local(0, "--port"), log::add, routes)) {
      TestClient client = new TestClient(server.address());
      assertFault(
          client.get("/fail"), "GET /fail", "IllegalStateException: a secret of the server");
      assertFault(client.get("/memory"), "a request", "OutOfMemoryError: a secret of the heap");
      assertFault(client.get("/later"), "GET /later", "OutOfMemoryError: a secret of the queue");
      assertThat(client.get("/nothing").status()).isEqualTo(404);
      assertThat(client.get("/nothing").error()).contains("/nothing");
      assertThat(client.post("/fail", "").error())
          .isEqualTo("method POST is not allowed here, expected GET");
    }
    assertThat(routes.closed).hasValue(1);
  }

  private void assertFault(Response response, String what, String fault) throws Exception {
    assertThat(response.status()).isEqualTo(500);
    String id = response.json().path("id").asText();
    assertThat(id).hasSize(8);
    assertThat(response.error())
        .isEqualTo("internal server error; the server's log explains error " + id);
    assertThat(response.body()).doesNotContain("secret");
    assertThat(log.remove(0))
        .startsWith(what + " failed, error " + id + ": java.")
        .contains("java.lang." + fault)
        .contains("\tat mnist.web.WebServerTest");
    assertThat(log).isEmpty();
  }

  @Test
  void closesItsRoutesIfItCannotListen() throws Exception {
    try (WebServer first = WebServer.start(ServerConfig.local(0, "--port"), log::add)) {
      int port = URI.create(first.address()).getPort();
      FailingRoutes routes = new FailingRoutes();
      assertThatThrownBy(() -> WebServer.start(ServerConfig.local(port, "-p"), log::add, routes))
          .isInstanceOf(IOException.class)
          .hasMessage("port %d is in use; choose another with -p, or 0 for any free port", port);
      assertThat(routes.closed).hasValue(1);
    }
    ServerConfig unknown = new ServerConfig("host.invalid", 0, "-p");
    assertThatThrownBy(() -> WebServer.start(unknown, log::add))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot listen on host.invalid: unknown host");
  }
}
