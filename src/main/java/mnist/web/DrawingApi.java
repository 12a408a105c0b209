package mnist.web;

import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.images.Picture;
import mnist.model.FeatureMaps;
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.model.Prediction;
import mnist.platform.ErrorMessages;
import mnist.platform.Json;

/**
 * Pictures of digits, for programs and for the page that is drawn on.
 *
 * <ul>
 *   <li>{@code POST /v1/digits}: which digit a picture shows
 *   <li>{@code GET /page/models}: the models that can be asked
 *   <li>{@code POST /page/look?model=A&model=B}: what each of them says of a picture, what they see
 *       of it, and what a first layer that is convolutional makes of it
 * </ul>
 */
final class DrawingApi {
  /** A larger picture is refused. */
  private static final long MOST_PIXELS = 20_000_000;

  private static final int MOST_MODELS = 12;
  private static final String PICTURE = "the picture";

  private final ServedModels models;
  private final WebServer.Terms terms;
  private final ServerMetrics traffic;

  /** A large picture takes much memory while it is read. */
  private final Semaphore reading = new Semaphore(Runtime.getRuntime().availableProcessors());

  DrawingApi(ServedModels models, WebServer.Terms terms, ServerMetrics traffic) {
    this.models = models;
    this.terms = terms;
    this.traffic = traffic;
  }

  /** Answers as {@code make predict ARGS=--json} does. */
  void digit(Context ctx) throws IOException, InterruptedException {
    ServerMetrics.is(ctx, "digits");
    float[] pixels = LabeledImages.normalize(picture(ctx));
    Map<String, Object> answer =
        models
            .served()
            .ask((version, model) -> prediction(model, pixels).toJson("-", classNames(model)));
    traffic.answered(1);
    json(ctx, answer);
  }

  private byte[] picture(Context ctx) throws InterruptedException {
    byte[] body = WebServer.body(ctx, terms);
    reading.acquire();
    try {
      return Picture.read(body, PICTURE, MOST_PIXELS);
    } catch (DataException e) {
      throw new BadRequestResponse(e.getMessage());
    } catch (IOException | RuntimeException e) {
      // Java's readers meet what is broken in many ways.
      throw new BadRequestResponse(PICTURE + " cannot be read: " + ErrorMessages.summarize(e));
    } finally {
      reading.release();
    }
  }

  private static Prediction prediction(Model model, float[] pixels) {
    Prediction prediction = model.predict(pixels).get(0);
    if (!prediction.isValid()) {
      throw new HttpResponseException(
          HttpStatus.INTERNAL_SERVER_ERROR.getCode(),
          "the model's answer is no probabilities",
          Map.of());
    }
    return prediction;
  }

  private static List<String> classNames(Model model) {
    return model.card().map(ModelCard::classNames).orElse(DataSet.DIGITS);
  }

  private static void json(Context ctx, Object value) throws IOException {
    ctx.contentType("application/json").result(Json.MAPPER.writeValueAsBytes(value));
  }

  // ---- The page

  /** Lists the models. */
  void models(Context ctx) throws IOException {
    ServerMetrics.is(ctx, "page");
    ServedModel served = models.served();
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("served", about(served.name(), served.served().card().orElse(null)));
    list.put(
        "runs",
        models.runs().offers().stream().map(offer -> about(offer.name(), offer.card())).toList());
    json(ctx, list);
  }

  private static Map<String, Object> about(String name, ModelCard card) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("name", name);
    if (card != null) {
      about.put("stage", card.stage());
      about.put("title", card.title());
      about.put("data_set", card.dataSet());
      about.put("test_accuracy", card.testAccuracy());
      about.put("weights", card.weightsSha256());
    }
    return about;
  }

  /** Shows a picture to some models. */
  void look(Context ctx) throws IOException, InterruptedException {
    ServerMetrics.is(ctx, "page");
    List<String> names = ctx.queryParams("model");
    if (names.isEmpty() || names.size() > MOST_MODELS) {
      throw new BadRequestResponse(
          "%d models are asked, expected 1 to %d".formatted(names.size(), MOST_MODELS));
    }
    byte[] seen = picture(ctx);
    float[] pixels = LabeledImages.normalize(seen);
    List<Map<String, Object>> answers = new ArrayList<>();
    for (String name : names) {
      answers.add(answer(name, pixels));
    }
    traffic.answered(names.size());
    json(ctx, Map.of("seen", seen, "answers", answers));
  }

  /** What one of them says, or why it does not. */
  private Map<String, Object> answer(String name, float[] pixels) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("model", name);
    try {
      ServedModel model = models.named(name, () -> "there is no model " + name);
      model.ask(
          (version, loaded) -> {
            Prediction prediction = prediction(loaded, pixels);
            answer.put("class", prediction.best());
            answer.put("next", prediction.secondBest());
            answer.put("probabilities", prediction.probabilities());
            answer.put("class_names", classNames(loaded));
            loaded.firstLayer(pixels).ifPresent(maps -> answer.put("maps", shown(maps)));
            return answer;
          });
    } catch (IOException | HttpResponseException e) {
      answer.put("error", ErrorMessages.summarize(e));
    }
    return answer;
  }

  /** As bytes 0..255, the largest value of all maps being 255. */
  private static Map<String, Object> shown(FeatureMaps maps) {
    float most = 0;
    for (float level : maps.values()) {
      most = Math.max(most, level);
    }
    byte[] bytes = new byte[maps.values().length];
    for (int i = 0; i < bytes.length && most > 0; i++) {
      bytes[i] = (byte) Math.round(255 * Math.max(0, maps.values()[i]) / most);
    }
    return Map.of(
        "count", maps.channels(), "rows", maps.rows(), "columns", maps.columns(), "levels", bytes);
  }
}
