package mnist.web;

import static mnist.data.LabeledImages.PIXELS;

import io.javalin.config.JavalinConfig;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.http.NotFoundResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mnist.data.DataException;
import mnist.data.LabeledImages;
import mnist.model.ModelException;
import mnist.platform.ErrorMessages;
import mnist.platform.Json;
import mnist.runs.RunException;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.runs.RunSummary;
import mnist.runs.ViewRecordFormat;

/**
 * Runs, in progress or finished, read from their folders and never changed.
 *
 * <ul>
 *   <li>{@code /api/runs}: all runs, newest first
 *   <li>{@code /api/runs/NAME}: a summary of one; {@code /api/runs/NAME/run.json}: its run.json
 *   <li>{@code /api/runs/NAME/record?from=N}: its view record from byte N on, see {@link
 *       ViewRecordFormat}; {@code /api/record-format}: the constants of its format
 *   <li>{@code /api/runs/NAME/follow}: server-sent events, one whenever the record has grown or the
 *       status has changed
 *   <li>{@code /api/runs/NAME/images/train|test?numbers=5,0,7} or {@code ?first=0&count=1000}: the
 *       images, 784 bytes each
 *   <li>{@code /api/runs/NAME/probabilities/train|test/5}: the prediction of the run's model for
 *       one image
 * </ul>
 */
public final class RunRoutes implements RouteGroup {
  private static final int MAX_IMAGES = 10_000;
  private static final int POLL_MILLIS = 100;
  private static final int HEARTBEAT_MILLIS = 5_000;

  /** Each follower occupies a thread of the server. */
  private static final int MAX_FOLLOWERS = 60;

  private final RunFolders runs;
  private final RunDataSets dataSets;
  private final RunModels models;
  private final Semaphore followers = new Semaphore(MAX_FOLLOWERS);
  private volatile boolean stopping;

  /** Routes to some runs and their models, which are closed with the routes. */
  public RunRoutes(RunFolders runs, RunDataSets dataSets, RunModels models) {
    this.runs = runs;
    this.dataSets = dataSets;
    this.models = models;
  }

  @Override
  public void register(JavalinConfig config) {
    get(config, "/api/record-format", ctx -> ctx.json(ViewRecordFormat.layout()));
    get(config, "/api/runs", ctx -> ctx.json(runs.summaries()));
    get(config, "/api/runs/{run}", ctx -> ctx.json(RunSummary.of(run(ctx))));
    get(config, "/api/runs/{run}/run.json", this::sendRunJson);
    get(config, "/api/runs/{run}/record", this::sendRecord);
    get(config, "/api/runs/{run}/follow", this::follow);
    get(config, "/api/runs/{run}/images/{split}", this::sendImages);
    get(config, "/api/runs/{run}/probabilities/{split}/{number}", this::predict);
    config.events.serverStopping(() -> stopping = true);
  }

  /** Adds a route for which what is missing or damaged means 404. */
  private static void get(JavalinConfig config, String path, Handler handler) {
    WebServer.get(
        config,
        path,
        ctx -> {
          try {
            handler.handle(ctx);
          } catch (NoSuchFileException
              | AccessDeniedException
              | RunException
              | DataException
              | ModelException e) {
            throw new NotFoundResponse(ErrorMessages.summarize(e));
          }
        });
  }

  @Override
  public void close() {
    models.close();
  }

  private RunFolder run(Context ctx) throws IOException {
    return runs.get(ctx.pathParam("run"));
  }

  private void sendRunJson(Context ctx) throws IOException {
    ctx.contentType("application/json").result(run(ctx).infoBytes());
  }

  private void sendRecord(Context ctx) throws IOException {
    RunFolder run = run(ctx);
    long from = queryNumber(ctx, "from");
    if (from > run.viewRecordSize()) {
      throw new BadRequestResponse(
          "from must be at most %d, the size of the view record, found %d"
              .formatted(run.viewRecordSize(), from));
    }
    InputStream in = run.openViewRecord();
    in.skipNBytes(from);
    ctx.contentType("application/octet-stream").header("Cache-Control", "no-store").result(in);
  }

  private static int queryNumber(Context ctx, String name) {
    return ctx.queryParam(name) == null ? 0 : parseNumber(name, ctx.queryParam(name));
  }

  private static int parseNumber(String name, String text) {
    try {
      int number = Integer.parseInt(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw new BadRequestResponse(name + " must be a non-negative integer, found " + text);
  }

  // ---- Following a run

  private void follow(Context ctx) throws IOException {
    RunFolder run = run(ctx);
    if (!followers.tryAcquire()) {
      throw new BadRequestResponse("too many pages follow runs, the maximum is " + MAX_FOLLOWERS);
    }
    ctx.contentType("text/event-stream").header("Cache-Control", "no-store");
    try {
      if (ctx.method() == HandlerType.HEAD) {
        return;
      }
      sendEvents(run, ctx.res().getOutputStream());
    } catch (IOException e) {
      // The client has disconnected.
    } finally {
      followers.release();
    }
  }

  private void sendEvents(RunFolder run, OutputStream out) throws IOException {
    String lastEvent = "";
    long lastSent = System.currentTimeMillis();
    while (!stopping) {
      String event = event(run);
      if (!event.equals(lastEvent)) {
        send(out, event);
        lastEvent = event;
        lastSent = System.currentTimeMillis();
        if (!event.contains("\"running\"")) {
          return; // the run has ended
        }
      } else if (System.currentTimeMillis() - lastSent > HEARTBEAT_MILLIS) {
        send(out, ": heartbeat\n\n"); // fails if the client has disconnected
        lastSent = System.currentTimeMillis();
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static String event(RunFolder run) throws IOException {
    Map<String, Object> event = new TreeMap<>();
    try {
      String status = Json.MAPPER.readTree(run.infoBytes()).path("status").asText("unreadable");
      event.putAll(Map.of("bytes", run.viewRecordSize(), "status", status));
    } catch (IOException e) {
      event.putAll(Map.of("bytes", 0, "status", "gone"));
    }
    return "data: " + Json.MAPPER.writeValueAsString(event) + "\n\n";
  }

  private static void send(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  // ---- Images

  private void sendImages(Context ctx) throws IOException {
    LabeledImages images = images(ctx);
    int first = queryNumber(ctx, "first");
    int[] numbers =
        ctx.queryParam("numbers") == null
            ? IntStream.range(0, queryNumber(ctx, "count"))
                .map(i -> first + i)
                .limit(MAX_IMAGES + 1)
                .toArray()
            : Stream.of(ctx.queryParam("numbers").split(","))
                .mapToInt(text -> parseNumber("numbers", text))
                .toArray();
    if (numbers.length > MAX_IMAGES) {
      throw new BadRequestResponse("at most " + MAX_IMAGES + " images per request");
    }
    ByteArrayOutputStream pixels = new ByteArrayOutputStream(numbers.length * PIXELS);
    for (int number : numbers) {
      pixels.write(images.pixels(), checkNumber(number, images) * PIXELS, PIXELS);
    }
    ctx.contentType("application/octet-stream")
        .header("Cache-Control", "private, max-age=3600")
        .result(pixels.toByteArray());
  }

  private LabeledImages images(Context ctx) throws IOException {
    RunFolder run = run(ctx);
    return switch (ctx.pathParam("split")) {
      case "train" -> dataSets.get(run).training();
      case "test" -> dataSets.get(run).test();
      default ->
          throw new NotFoundResponse(
              "there is no split %s, expected train or test".formatted(ctx.pathParam("split")));
    };
  }

  private static int checkNumber(int number, LabeledImages images) {
    if (number >= images.count()) {
      throw new NotFoundResponse(
          "there is no image %d, the numbers are 0 to %d".formatted(number, images.count() - 1));
    }
    return number;
  }

  private void predict(Context ctx) throws IOException {
    LabeledImages images = images(ctx);
    int number = checkNumber(parseNumber("number", ctx.pathParam("number")), images);
    RunFolder run = run(ctx);
    ServedModel model =
        models.get(run).orElseThrow(() -> new NotFoundResponse(run.name() + " has no model yet"));
    float[] pixels = images.normalize(number, 1);
    float[] probabilities = model.apply(version -> version.model().probabilities(pixels));
    ctx.json(Map.of("probabilities", probabilities, "right", images.labels()[number]));
  }
}
