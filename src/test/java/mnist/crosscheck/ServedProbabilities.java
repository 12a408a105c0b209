package mnist.crosscheck;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import mnist.data.LabeledImages;
import mnist.platform.Json;
import mnist.web.ModelRegistry;
import mnist.web.ModelRoutes;
import mnist.web.ServerConfig;
import mnist.web.ServerMetrics;
import mnist.web.WebServer;

/** The probabilities that a served model returns over HTTP. */
final class ServedProbabilities {
  private static final int OK = 200;

  private ServedProbabilities() {}

  /**
   * Serves a model and classifies images with it, in JSON as a client in any language does.
   *
   * @param model folder of the SavedModel
   * @param batch images per request
   * @return 10 probabilities for each image, image after image
   * @throws CrossCheckException if the server rejects a request
   */
  static float[] of(Path model, LabeledImages images, int batch)
      throws CrossCheckException, IOException, InterruptedException {
    FloatBuffer all = FloatBuffer.allocate(images.count() * LabeledImages.CLASSES);
    ModelRegistry models =
        ModelRegistry.open("mnist", model, model.resolve("runs"), System.err::println);
    try (WebServer server =
        WebServer.start(
            ServerConfig.local(0, "port"),
            System.err::println,
            new ModelRoutes(models, new ServerMetrics()))) {
      URI predict = URI.create(server.address()).resolve("/v1/models/mnist:predict");
      HttpClient client = HttpClient.newHttpClient();
      for (int from = 0; from < images.count(); from += batch) {
        String body = instances(images.normalize(from, Math.min(batch, images.count() - from)));
        HttpResponse<String> response =
            client.send(
                HttpRequest.newBuilder(predict).POST(BodyPublishers.ofString(body)).build(),
                BodyHandlers.ofString());
        if (response.statusCode() != OK) {
          throw new CrossCheckException("the server responded with " + response.body());
        }
        for (JsonNode one : Json.MAPPER.readTree(response.body()).path("predictions")) {
          one.path("predictions").forEach(number -> all.put((float) number.asDouble()));
        }
      }
    }
    return all.array();
  }

  /** The images as a client sends them, [images, 28, 28, 1]. */
  private static String instances(float[] pixels) throws JsonProcessingException {
    int side = LabeledImages.SIDE;
    float[][][][] images = new float[pixels.length / (side * side)][side][side][1];
    for (int i = 0; i < pixels.length; i++) {
      images[i / (side * side)][i / side % side][i % side][0] = pixels[i];
    }
    return Json.MAPPER.writeValueAsString(Map.of("instances", images));
  }
}
