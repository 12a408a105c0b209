package mnist.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.JavalinConfig;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mnist.platform.Json;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * TensorFlow Serving's REST API, as its documentation describes it:
 *
 * <ul>
 *   <li>{@code POST /v1/models/NAME[/versions/N]:predict}
 *   <li>{@code GET /v1/models/NAME[/versions/N]}
 *   <li>{@code GET /v1/models/NAME[/versions/N]/metadata}
 * </ul>
 *
 * <p>{@code GET /openapi.json} describes it, and {@link DrawingRoutes} and {@link ServerMetrics}.
 */
public final class ModelRoutes implements RouteGroup {
  private static final String MODEL =
      "/v1/models/(?<name>[^/:]+)(?:/versions/(?<version>\\d+)|/labels/(?<label>[^/:]+))?";

  private static final Pattern POST_PATH =
      Pattern.compile(MODEL + ":(?<method>classify|regress|predict)");

  private static final Pattern GET_PATH = Pattern.compile(MODEL + "(?<metadata>/metadata)?");

  /** Larger requests have a queue of their own: each takes many times its size in memory. */
  private static final int LARGE_BYTES = 1 << 17;

  private static final int MAX_SMALL_WAITING = 1000;
  private static final int MAX_LARGE_WAITING = 50;

  private final ModelRegistry models;
  private final ServerMetrics metrics;
  private final WorkQueue small = new WorkQueue(MAX_SMALL_WAITING);
  private final WorkQueue large = new WorkQueue(MAX_LARGE_WAITING);

  /** Serves models, which are closed with these routes. */
  public ModelRoutes(ModelRegistry models, ServerMetrics metrics) {
    this.models = models;
    this.metrics = metrics;
  }

  @Override
  public void register(JavalinConfig config) {
    config.routes.post("/v1/<path>", this::post);
    WebServer.get(config, "/v1/<path>", this::get);
    WebServer.get(config, "/openapi.json", ctx -> WebServer.sendFile(ctx, "/mnist/openapi.json"));
  }

  @Override
  public void close() {
    small.close();
    large.close();
    models.close();
  }

  // ---- Prediction

  private void post(Context ctx) throws IOException {
    Matcher path = match(POST_PATH, ctx);
    if (!path.group("method").equals("predict")) {
      throw new BadRequestResponse(
          "%s is not supported, expected predict".formatted(path.group("method")));
    }
    ServerMetrics.setKind(ctx, "predict");
    ServedModel model = model(path);
    ctx.future(
        () ->
            RequestBody.read(
                ctx,
                body ->
                    (body.length <= LARGE_BYTES ? small : large)
                        .submit(ctx, () -> predict(ctx, path, model, body))));
  }

  private void predict(Context ctx, Matcher path, ServedModel model, byte[] body) {
    PredictRequest request = PredictRequest.parse(body);
    try {
      byte[] response = model.apply(version -> handler(version, path, request).predict(request));
      metrics.countImages(request.tensor().items());
      ctx.contentType("application/json").result(response);
    } catch (TFInvalidArgumentException e) {
      throw new BadRequestResponse(String.valueOf(e.getMessage()));
    }
  }

  private static SignatureHandler handler(
      ServedModel.Version version, Matcher path, PredictRequest request) {
    requireVersion(version, path);
    SignatureHandler handler = version.handlers().get(request.signature());
    if (handler == null) {
      throw new BadRequestResponse(
          "Serving signature name: \"%s\" not found in signature def"
              .formatted(JsonTensor.abbreviate(request.signature())));
    }
    return handler;
  }

  // ---- Path

  private static Matcher match(Pattern pattern, Context ctx) {
    Matcher path = pattern.matcher("/v1/" + ctx.pathParam("path")); // decoded
    if (!path.matches()) {
      throw new BadRequestResponse("Malformed request: %s %s".formatted(ctx.method(), ctx.path()));
    }
    if (path.group("label") != null) {
      throw new BadRequestResponse("Unrecognized servable version label: " + path.group("label"));
    }
    return path;
  }

  private ServedModel model(Matcher path) throws IOException {
    return models.get(path.group("name")).orElseThrow(() -> notFound(path));
  }

  private static void requireVersion(ServedModel.Version version, Matcher path) {
    if (path.group("version") != null && !isNumber(path.group("version"), version.number())) {
      throw notFound(path);
    }
  }

  private static NotFoundResponse notFound(Matcher path) {
    String name = path.group("name");
    String version = path.group("version");
    return new NotFoundResponse(
        "Servable not found for request: "
            + (version == null
                ? "Latest(%s)".formatted(name)
                : "Specific(%s, %s)".formatted(name, version)));
  }

  /** Compares as text, since the digits may exceed the range of a long. */
  private static boolean isNumber(String digits, long number) {
    return digits.replaceFirst("^0+(?=.)", "").equals(String.valueOf(number));
  }

  // ---- Status and metadata

  private void get(Context ctx) throws IOException {
    Matcher path = match(GET_PATH, ctx);
    boolean metadata = path.group("metadata") != null;
    ServerMetrics.setKind(ctx, metadata ? "metadata" : "status");
    ObjectNode json = metadata ? metadata(model(path), path) : status(path);
    ctx.contentType("application/json")
        .result(Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
  }

  private ObjectNode status(Matcher path) throws IOException {
    String name = path.group("name");
    String version = path.group("version");
    ServedModel model =
        models
            .get(name)
            .orElseThrow(
                () -> new NotFoundResponse("Could not find any versions of model " + name));
    ObjectNode json = Json.MAPPER.createObjectNode();
    ArrayNode statuses = json.putArray("model_version_status");
    model
        .errors()
        .forEach(
            (number, error) -> {
              if (version == null || isNumber(version, number)) {
                statuses
                    .addObject()
                    .put("version", String.valueOf(number))
                    .put("state", error == null ? "AVAILABLE" : "END")
                    .putObject("status")
                    .put("error_code", error == null ? "OK" : "UNKNOWN")
                    .put("error_message", error == null ? "" : error);
              }
            });
    if (statuses.isEmpty()) {
      throw new NotFoundResponse("Could not find version %s of model %s".formatted(version, name));
    }
    return json;
  }

  private static ObjectNode metadata(ServedModel model, Matcher path) {
    ServedModel.Version version = model.current();
    requireVersion(version, path);
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.putObject("model_spec")
        .put("name", model.name())
        .put("signature_name", "")
        .put("version", String.valueOf(version.number()));
    ObjectNode signatures =
        json.putObject("metadata").putObject("signature_def").putObject("signature_def");
    new TreeMap<>(version.model().signatures())
        .forEach(
            (name, signature) -> {
              ObjectNode description = signatures.putObject(name);
              describe(signature.getInputsMap(), description.putObject("inputs"));
              describe(signature.getOutputsMap(), description.putObject("outputs"));
              description.put("method_name", signature.getMethodName());
            });
    return json;
  }

  private static void describe(Map<String, TensorInfo> tensors, ObjectNode json) {
    new TreeMap<>(tensors)
        .forEach(
            (name, tensor) -> {
              ObjectNode info = json.putObject(name).put("dtype", tensor.getDtype().name());
              ObjectNode shape = info.putObject("tensor_shape");
              ArrayNode dims = shape.putArray("dim");
              for (TensorShapeProto.Dim dim : tensor.getTensorShape().getDimList()) {
                dims.addObject()
                    .put("size", String.valueOf(dim.getSize()))
                    .put("name", dim.getName());
              }
              shape.put("unknown_rank", tensor.getTensorShape().getUnknownRank());
              info.put("name", tensor.getName());
            });
  }
}
