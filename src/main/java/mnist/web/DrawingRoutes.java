package mnist.web;

import io.javalin.config.JavalinConfig;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.InternalServerErrorResponse;
import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.images.Picture;
import mnist.model.FeatureMaps;
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.model.Prediction;
import mnist.platform.ErrorMessages;

/**
 * Classifies pictures of digits, for programs and for the page to draw on.
 *
 * <ul>
 *   <li>{@code POST /v1/digits}: the digit that a picture shows
 *   <li>{@code GET /page/models}: the models that are available
 *   <li>{@code POST /page/look?model=A&model=B}: the picture as the models see it, and for each of
 *       them its prediction and, if its first layer is convolutional, that layer's feature maps
 * </ul>
 */
public final class DrawingRoutes implements RouteGroup {
  private static final long MAX_PIXELS = 20_000_000;
  private static final int MAX_MODELS = 12;
  private static final int MAX_WAITING = 50;
  private static final String PICTURE = "the picture";

  private final ModelRegistry models;
  private final ServerMetrics metrics;

  /** Limits how many pictures are decoded at once: a large one takes much memory. */
  private final WorkQueue pictures = new WorkQueue(MAX_WAITING);

  /** Routes that use some models, which are closed with the routes. */
  public DrawingRoutes(ModelRegistry models, ServerMetrics metrics) {
    this.models = models;
    this.metrics = metrics;
  }

  @Override
  public void register(JavalinConfig config) {
    post(config, "/v1/digits", "digits", this::classify);
    WebServer.get(config, "/page/models", this::listModels);
    post(config, "/page/look", "page", this::compareModels);
  }

  private interface PictureHandler {
    /**
     * @param picture in MNIST's form
     * @param warnings why it may not be the digit
     */
    void handle(Context ctx, byte[] picture, List<String> warnings);
  }

  /** Adds a route for requests whose body is a picture. */
  private void post(JavalinConfig config, String path, String kind, PictureHandler handler) {
    config.routes.post(
        path,
        ctx -> {
          ServerMetrics.setKind(ctx, kind);
          ctx.future(
              () ->
                  RequestBody.read(
                      ctx,
                      body ->
                          pictures.submit(
                              ctx,
                              () -> {
                                List<String> warnings = new ArrayList<>();
                                handler.handle(ctx, readPicture(body, warnings), warnings);
                              })));
        });
  }

  @Override
  public void close() {
    pictures.close();
    models.close();
  }

  /** Responds with the same JSON that {@code make predict ARGS=--json} prints. */
  private void classify(Context ctx, byte[] picture, List<String> warnings) {
    float[] pixels = LabeledImages.normalize(picture);
    Map<String, Object> response =
        models
            .served()
            .apply(
                version -> {
                  Model model = version.model();
                  return predict(model, pixels).toJson("-", classNames(model), warnings);
                });
    metrics.countImages(1);
    ctx.json(response);
  }

  private static byte[] readPicture(byte[] body, List<String> warnings) {
    try {
      return Picture.read(body, PICTURE, MAX_PIXELS, warnings::add);
    } catch (DataException e) {
      throw new BadRequestResponse(e.getMessage());
    } catch (IOException e) {
      throw new BadRequestResponse(PICTURE + " cannot be read: " + ErrorMessages.summarize(e));
    }
  }

  private static Prediction predict(Model model, float[] pixels) {
    Prediction prediction = model.predict(pixels).get(0);
    if (!prediction.isValid()) {
      throw new InternalServerErrorResponse("the model did not return probabilities");
    }
    return prediction;
  }

  private static List<String> classNames(Model model) {
    return model.card().map(ModelCard::classNames).orElse(DataSet.DIGITS);
  }

  // ---- The page

  private void listModels(Context ctx) throws IOException {
    ServerMetrics.setKind(ctx, "page");
    ServedModel served = models.served();
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("served", describe(served.name(), served.current().model().card().orElse(null)));
    list.put(
        "runs",
        models.runs().list().stream().map(model -> describe(model.name(), model.card())).toList());
    ctx.json(list);
  }

  private static Map<String, Object> describe(String name, ModelCard card) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("name", name);
    if (card != null) {
      description.put("stage", card.stage());
      description.put("title", card.title());
      description.put("data_set", card.dataSet());
      description.put("test_accuracy", card.testAccuracy());
      description.put("weights", card.weightsSha256());
    }
    return description;
  }

  private void compareModels(Context ctx, byte[] picture, List<String> warnings) {
    List<String> names = ctx.queryParams("model");
    if (names.isEmpty() || names.size() > MAX_MODELS) {
      throw new BadRequestResponse(
          "found %d models, expected 1 to %d".formatted(names.size(), MAX_MODELS));
    }
    float[] pixels = LabeledImages.normalize(picture);
    List<Map<String, Object>> predictions = new ArrayList<>();
    for (String name : names) {
      predictions.add(predictionOrError(name, pixels));
    }
    metrics.countImages(names.size());
    ctx.json(Map.of("seen", picture, "warnings", warnings, "answers", predictions));
  }

  private Map<String, Object> predictionOrError(String name, float[] pixels) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", name);
    try {
      ServedModel served =
          models
              .get(name)
              .orElseThrow(() -> new NotFoundResponse("there is no model named " + name));
      served.apply(
          version -> {
            Model model = version.model();
            Prediction prediction = predict(model, pixels);
            json.put("class", prediction.best());
            json.put("next", prediction.secondBest());
            json.put("probabilities", prediction.probabilities());
            json.put("class_names", classNames(model));
            model.firstLayer(pixels).ifPresent(maps -> json.put("maps", toBytes(maps)));
            return json;
          });
    } catch (IOException | HttpResponseException e) {
      json.put("error", ErrorMessages.summarize(e));
    }
    return json;
  }

  /** Scales the feature maps to bytes 0..255, 255 being the largest value of all maps. */
  private static Map<String, Object> toBytes(FeatureMaps maps) {
    float max = 0;
    for (float value : maps.values()) {
      max = Math.max(max, value);
    }
    byte[] bytes = new byte[maps.values().length];
    for (int i = 0; i < bytes.length && max > 0; i++) {
      bytes[i] = (byte) Math.round(255 * Math.max(0, maps.values()[i]) / max);
    }
    return Map.of(
        "count", maps.channels(), "rows", maps.rows(), "columns", maps.columns(), "levels", bytes);
  }
}
