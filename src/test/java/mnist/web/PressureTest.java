package mnist.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with more requests, larger ones, and slower clients than it can serve at once. */
@Timeout(60)
class PressureTest {
  /** More than the server has threads. */
  private static final int MANY = 150;

  private static final int MB = 1 << 20;
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private static final int MAX_WAITING = 2;

  private final List<String> log = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void closeSockets() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    assertThat(log).isEmpty();
  }

  /**
   * POST /work computes nothing until it may; POST /length and GET /large return a number and many
   * bytes; GET /api/runs/any/record streams them.
   */
  private static final class Routes implements RouteGroup {
    final WorkQueue queue = new WorkQueue(MAX_WAITING);
    final Semaphore submitted = new Semaphore(0);
    final CountDownLatch mayFinish = new CountDownLatch(1);
    final AtomicInteger computed = new AtomicInteger();

    @Override
    public void register(JavalinConfig config) {
      config.routes.post(
          "/work",
          ctx ->
              ctx.future(
                  () ->
                      RequestBody.read(
                          ctx,
                          body -> {
                            CompletableFuture<Void> result = queue.submit(ctx, () -> work(ctx));
                            submitted.release();
                            return result;
                          })));
      config.routes.post(
          "/length",
          ctx ->
              ctx.future(
                  () ->
                      RequestBody.read(
                          ctx,
                          body ->
                              queue.submit(ctx, () -> ctx.result(String.valueOf(body.length))))));
      WebServer.get(config, "/large", ctx -> ctx.result(new byte[2 * MB]));
      config.routes.get("/api/runs/any/record", ctx -> ctx.result(zeros()));
      WebServer.get(config, "/healthz", ctx -> ctx.result("ok"));
    }

    private void work(Context ctx) throws InterruptedException {
      mayFinish.await();
      computed.incrementAndGet();
      ctx.result("done");
    }

    private static InputStream zeros() {
      return new InputStream() {
        private int left = 20 * MB;

        @Override
        public int read() {
          return left-- > 0 ? 0 : -1;
        }
      };
    }

    @Override
    public void close() {
      queue.close();
    }
  }

  private WebServer start(Duration timeout, Routes routes) throws IOException {
    return WebServer.start(
        new ServerConfig("127.0.0.1", 0, "--port", timeout, Set.of()), log::add, routes);
  }

  /** Opens a connection that can hold little, and sends something. */
  private Socket send(WebServer server, String text) throws IOException {
    URI address = URI.create(server.address());
    Socket socket = new Socket();
    sockets.add(socket);
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
    socket.getOutputStream().write(text.getBytes(UTF_8));
    return socket;
  }

  private static String header(String request, long length) {
    return request + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n";
  }

  /** Everything that arrives until the server has sent a whole response or closed. */
  private static String response(Socket socket) throws IOException {
    StringBuilder text = new StringBuilder();
    InputStream in = socket.getInputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      text.append((char) next);
      if (in.available() == 0 && text.indexOf("\r\n\r\n") >= 0) {
        break;
      }
    }
    return text.toString();
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  // ---- Bodies

  @Test
  void bodiesThatDoNotArriveOccupyNeitherThreadsNorMemory() throws Exception {
    try (WebServer server = start(Duration.ofSeconds(60), new Routes())) {
      long before = usedMemory();
      for (int i = 0; i < MANY; i++) {
        send(server, header("POST /length", 8 * MB) + "1");
      }
      TestClient client = new TestClient(server.address());
      assertThat(client.get("/healthz").status()).isEqualTo(200);
      assertThat(client.post("/length", new byte[100_000]).body()).isEqualTo("100000");
      assertThat(usedMemory() - before).isLessThan(100L * MB);
    }
  }

  @Test
  void bodiesOccupyLimitedMemoryTogether() throws Exception {
    int fitting = RequestBody.memory().availablePermits() / (8 * MB);
    try (WebServer server = start(Duration.ofSeconds(60), new Routes())) {
      byte[] almostAll = new byte[8 * MB - 1];
      TestClient client = new TestClient(server.address());
      List<Socket> held = new ArrayList<>();
      for (int i = 0; i < fitting; i++) {
        Socket socket = send(server, header("POST /length", 8 * MB));
        socket.getOutputStream().write(almostAll);
        held.add(socket);
      }
      Socket oneMore = send(server, header("POST /length", 8 * MB));
      oneMore.getOutputStream().write(new byte[8 * MB]);
      assertThat(response(oneMore))
          .startsWith("HTTP/1.1 503 ")
          .containsIgnoringCase("Retry-After: 1\r\n");
      assertThat(client.post("/length", new byte[10_000]).body()).isEqualTo("10000");
      held.get(0).getOutputStream().write(1);
      assertThat(response(held.get(0))).startsWith("HTTP/1.1 200 ").endsWith("8388608");
      assertThat(client.post("/length", new byte[8 * MB]).body()).isEqualTo("8388608");
    }
  }

  // ---- Work

  @Test
  void workThatNobodyWaitsForIsNotDone() throws Exception {
    Routes routes = new Routes();
    try (WebServer server = start(Duration.ofSeconds(60), routes)) {
      List<Socket> work = new ArrayList<>();
      for (int i = 0; i < PROCESSORS + MAX_WAITING; i++) {
        work.add(send(server, header("POST /work", 1) + "1"));
        routes.submitted.acquire();
      }
      assertThat(response(send(server, header("POST /work", 1) + "1")))
          .startsWith("HTTP/1.1 503 ")
          .containsIgnoringCase("Retry-After: 1\r\n")
          .contains("{\"error\":\"too many requests at once, try again later\"}");
      Socket gone = work.remove(PROCESSORS);
      gone.close();
      Thread.sleep(300); // until it counts as gone
      routes.mayFinish.countDown();
      for (Socket socket : work) {
        assertThat(response(socket)).startsWith("HTTP/1.1 200 ");
      }
      assertThat(new TestClient(server.address()).post("/length", "1").body()).isEqualTo("1");
      assertThat(routes.computed).hasValue(PROCESSORS + 1);
    }
  }

  // ---- Responses

  @Test
  void responsesThatAreNotReadOccupyNoThread() throws Exception {
    try (WebServer server = start(Duration.ofSeconds(60), new Routes())) {
      for (int i = 0; i < MANY; i++) {
        send(server, header("GET /large", 0));
        send(server, header("GET /api/runs/any/record", 0));
      }
      TestClient client = new TestClient(server.address());
      assertThat(client.get("/healthz").status()).isEqualTo(200);
    }
  }

  @Test
  void clientsThatReadTooSlowlyAreDisconnected() throws Exception {
    try (WebServer server = start(Duration.ofSeconds(1), new Routes())) {
      for (String path : List.of("/large", "/api/runs/any/record")) {
        Socket slow = send(server, header("GET " + path, 0));
        assertThatThrownBy(
                () -> {
                  while (slow.getInputStream().readNBytes(100).length == 100) {
                    Thread.sleep(100);
                  }
                })
            .isInstanceOf(SocketException.class);
      }
    }
  }

  @Test
  void clientsThatReadSteadilyAreNot() throws Exception {
    try (WebServer server = start(Duration.ofSeconds(2), new Routes())) {
      Socket steady = send(server, header("GET /large", 0) + header("GET /healthz", 0));
      int read = 0;
      for (int round = 0; round < 60; round++) {
        read += steady.getInputStream().readNBytes(20_000).length;
        Thread.sleep(50);
      }
      assertThat(read).isEqualTo(60 * 20_000);
      assertThat(new String(steady.getInputStream().readAllBytes(), UTF_8)).endsWith("ok");
    }
  }
}
