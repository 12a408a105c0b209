package mnist.web;

import io.javalin.config.JavalinConfig;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.platform.Json;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.runs.RunSummary;
import mnist.runs.ViewRecord;

/**
 * The page that shows runs, and what it asks for. It knows of a run what the run's folder says,
 * whichever process writes there, and changes nothing.
 *
 * <ul>
 *   <li>{@code /api/runs}: the runs, newest first
 *   <li>{@code /api/runs/NAME}: one of them; {@code /run.json}: all that it says of itself
 *   <li>{@code /api/runs/NAME/record?from=N}: its view's record from byte N on, see {@link
 *       ViewRecord}
 *   <li>{@code /api/runs/NAME/follow}: server-sent events, one whenever the record has grown or the
 *       status has changed
 *   <li>{@code /api/runs/NAME/images/train|test?numbers=5,0,7} or {@code ?first=0&count=1000}: the
 *       images, 784 grey levels each
 *   <li>{@code /api/runs/NAME/probabilities/train|test/5}: what the run's model says of one image
 * </ul>
 */
public final class ViewServer implements AutoCloseable {
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";
  private static final int MOST_IMAGES = 10_000;
  private static final int LOOK_MILLIS = 100;
  private static final int HEARTBEAT_MILLIS = 5_000;

  /** So many browsers may follow runs; each takes a thread, which waits most of the time. */
  private static final int MOST_FOLLOWERS = 60;

  private final RunFolders runs;
  private final Images images;
  private final Answers answers;
  private final AtomicInteger followers = new AtomicInteger();
  private final WebServer server;
  private volatile boolean closed;

  /** Where the images of a run are. */
  public interface Images {
    /**
     * @throws IOException if they cannot be had, or are no longer those of the run
     */
    DataSet of(RunFolder run) throws IOException;
  }

  /** What the model of a run says. */
  public interface Answers {
    /**
     * @param pixels of one image: 784 grey levels 0..1
     * @return 10 probabilities
     * @throws IOException if the run has no model
     */
    float[] of(RunFolder run, float[] pixels) throws IOException;
  }

  /**
   * Starts it.
   *
   * @param port where to listen, 0 for any free port
   * @param option names the option that chooses the port, for people
   * @throws IOException if the port is in use
   */
  public ViewServer(RunFolders runs, Images images, Answers answers, int port, String option)
      throws IOException {
    this.runs = runs;
    this.images = images;
    this.answers = answers;
    server = WebServer.start(port, option, this::configure);
  }

  /** Where it is, such as {@code http://127.0.0.1:8080/}. */
  public String address() {
    return server.address();
  }

  private void configure(JavalinConfig config) {
    config.routes.get("/", ctx -> WebServer.send(ctx, "/mnist/view/index.html"));
    WebServer.addFiles(config, "/", "/mnist/view/");
    WebServer.addFiles(config, "/shared/", "/mnist/shared/");
    WebServer.addFiles(config, "/uplot/", UPLOT);
    config.routes.get("/api/runs", ctx -> json(ctx, runs.summaries()));
    config.routes.get("/api/runs/{run}", ctx -> json(ctx, RunSummary.of(folder(ctx))));
    config.routes.get("/api/runs/{run}/run.json", this::file);
    config.routes.get("/api/runs/{run}/record", this::record);
    config.routes.get("/api/runs/{run}/follow", this::follow);
    config.routes.get("/api/runs/{run}/images/{split}", this::images);
    config.routes.get("/api/runs/{run}/probabilities/{split}/{number}", this::probabilities);
  }

  private RunFolder folder(Context ctx) throws IOException {
    return runs.get(ctx.pathParam("run"));
  }

  private static void json(Context ctx, Object value) throws IOException {
    ctx.contentType("application/json").result(Json.MAPPER.writeValueAsBytes(value));
  }

  private void file(Context ctx) throws IOException {
    ctx.contentType("application/json").result(Files.readAllBytes(folder(ctx).infoFile()));
  }

  private void record(Context ctx) throws IOException {
    Path file = folder(ctx).viewRecord();
    if (!Files.exists(file)) {
      throw new NotFoundResponse("the run keeps no record of its view");
    }
    long from = number(ctx, "from", "0");
    if (from > Files.size(file)) {
      throw new BadRequestResponse(
          "the record has %d bytes, asked for from %d on".formatted(Files.size(file), from));
    }
    InputStream in = Files.newInputStream(file);
    in.skipNBytes(from);
    ctx.contentType("application/octet-stream").header("Cache-Control", "no-store").result(in);
  }

  private static int number(Context ctx, String name, String absent) {
    String text = ctx.queryParam(name) == null ? absent : ctx.queryParam(name);
    return number(name, text);
  }

  private static int number(String name, String text) {
    try {
      int number = Integer.parseInt(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new BadRequestResponse(name + " must be a number from 0 on, found " + text);
  }

  // ---- Following a run

  private void follow(Context ctx) throws IOException {
    RunFolder folder = folder(ctx);
    if (followers.incrementAndGet() > MOST_FOLLOWERS) {
      followers.decrementAndGet();
      throw new BadRequestResponse("more than " + MOST_FOLLOWERS + " pages follow runs already");
    }
    ctx.contentType("text/event-stream").header("Cache-Control", "no-store");
    try {
      tellChanges(folder, ctx.res().getOutputStream());
    } catch (IOException e) {
      // The page has gone.
    } finally {
      followers.decrementAndGet();
    }
  }

  private void tellChanges(RunFolder folder, OutputStream out) throws IOException {
    String told = "";
    long toldAt = System.currentTimeMillis();
    while (!closed) {
      String now = event(folder);
      if (!now.equals(told)) {
        send(out, now);
        told = now;
        toldAt = System.currentTimeMillis();
        if (!now.contains("\"running\"")) {
          return; // nothing will come after it
        }
      } else if (System.currentTimeMillis() - toldAt > HEARTBEAT_MILLIS) {
        send(out, ": still here\n\n"); // or else a page that has gone would not be noticed
        toldAt = System.currentTimeMillis();
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private String event(RunFolder folder) throws IOException {
    try {
      Path record = folder.viewRecord();
      long bytes = Files.exists(record) ? Files.size(record) : 0;
      String status =
          Json.MAPPER
              .readTree(Files.readAllBytes(folder.infoFile()))
              .path("status")
              .asText("unreadable");
      return data(Map.of("bytes", bytes, "status", status));
    } catch (IOException e) {
      return data(Map.of("bytes", 0, "status", "gone"));
    }
  }

  private static String data(Map<String, Object> event) throws IOException {
    return "data: " + Json.MAPPER.writeValueAsString(new TreeMap<>(event)) + "\n\n";
  }

  private static void send(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  // ---- Images

  private void images(Context ctx) throws IOException {
    LabeledImages set = set(ctx);
    int[] numbers =
        ctx.queryParam("numbers") == null
            ? IntStream.range(0, number(ctx, "count", "0"))
                .map(i -> i + number(ctx, "first", "0"))
                .limit(MOST_IMAGES + 1)
                .toArray()
            : Stream.of(ctx.queryParam("numbers").split(","))
                .mapToInt(text -> number("numbers", text))
                .toArray();
    if (numbers.length > MOST_IMAGES) {
      throw new BadRequestResponse("at most " + MOST_IMAGES + " images at once");
    }
    byte[] pixels = new byte[numbers.length * LabeledImages.PIXELS];
    for (int i = 0; i < numbers.length; i++) {
      System.arraycopy(
          set.pixels(),
          place(numbers[i], set) * LabeledImages.PIXELS,
          pixels,
          i * LabeledImages.PIXELS,
          LabeledImages.PIXELS);
    }
    ctx.contentType("application/octet-stream")
        .header("Cache-Control", "private, max-age=3600")
        .result(pixels);
  }

  private LabeledImages set(Context ctx) throws IOException {
    DataSet data = images.of(folder(ctx));
    return switch (ctx.pathParam("split")) {
      case "train" -> data.training();
      case "test" -> data.test();
      default -> throw new NotFoundResponse("there are train and test images");
    };
  }

  private static int place(int number, LabeledImages set) {
    if (number >= set.count()) {
      throw new NotFoundResponse(
          "there are %d images, no number %d".formatted(set.count(), number));
    }
    return number;
  }

  private void probabilities(Context ctx) throws IOException {
    LabeledImages set = set(ctx);
    int number = place(number("number", ctx.pathParam("number")), set);
    float[] probabilities = answers.of(folder(ctx), set.normalize(number, 1));
    json(ctx, Map.of("probabilities", probabilities, "right", set.labels()[number]));
  }

  @Override
  public void close() {
    closed = true;
    server.close();
  }
}
