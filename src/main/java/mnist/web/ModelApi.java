package mnist.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.Signature;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * TensorFlow Serving's REST interface, as its documentation has it:
 *
 * <ul>
 *   <li>{@code POST /v1/models/NAME[/versions/N]:predict}
 *   <li>{@code GET /v1/models/NAME[/versions/N]}
 *   <li>{@code GET /v1/models/NAME[/versions/N]/metadata}
 * </ul>
 */
final class ModelApi implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String MODEL =
      "/v1/models/(?<name>[^/:]+)(?:/versions/(?<version>\\d+)|/labels/(?<label>[^/:]+))?";

  private static final Pattern ASK =
      Pattern.compile(MODEL + ":(?<method>classify|regress|predict)");

  private static final Pattern LOOK = Pattern.compile(MODEL + "(?<metadata>/metadata)?");

  private final ServedModels models;
  private final WebServer.Terms terms;
  private final ServerMetrics traffic;

  /** Larger requests take turns, as each takes many times its size in memory. */
  private static final int LARGE_BYTES = 1 << 17;

  private final Semaphore large = new Semaphore(Runtime.getRuntime().availableProcessors(), true);

  /**
   * Of the others, as many as there are processors are answered at a time, in the order in which
   * they came: all at once would take as long, and some of them much longer than others.
   */
  private final ExecutorService small =
      Executors.newFixedThreadPool(
          Runtime.getRuntime().availableProcessors(),
          task -> {
            Thread thread = new Thread(task, "answering");
            thread.setDaemon(true);
            return thread;
          });

  ModelApi(ServedModels models, WebServer.Terms terms, ServerMetrics traffic) {
    this.models = models;
    this.terms = terms;
    this.traffic = traffic;
  }

  // ---- Predicting

  /** Answers a POST. */
  void ask(Context ctx) throws IOException, InterruptedException {
    Matcher path = ASK.matcher(ctx.path());
    if (!path.matches()) {
      throw malformed(ctx);
    }
    refuseLabel(path);
    if (!path.group("method").equals("predict")) {
      throw new BadRequestResponse(
          "there are no signatures to %s here; expected :predict".formatted(path.group("method")));
    }
    ServerMetrics.is(ctx, "predict");
    ServedModel model = model(path);
    byte[] body = WebServer.body(ctx, terms);
    if (body.length <= LARGE_BYTES) {
      ctx.future(() -> CompletableFuture.runAsync(() -> answer(ctx, path, model, body), small));
      return;
    }
    large.acquire();
    try {
      answer(ctx, path, model, body);
    } finally {
      large.release();
    }
  }

  private void answer(Context ctx, Matcher path, ServedModel model, byte[] body) {
    PredictRequest request = PredictRequest.parse(body);
    try {
      byte[] answer =
          model.ask((version, loaded) -> signature(version, path, request).answer(request));
      traffic.answered(request.numbers().items());
      ctx.contentType("application/json").result(answer);
    } catch (TFInvalidArgumentException e) {
      throw new BadRequestResponse(String.valueOf(e.getMessage()));
    }
  }

  private static SignatureHandler signature(
      LoadedVersion version, Matcher path, PredictRequest request) {
    refuseOtherVersion(version, path);
    String name =
        request.signature() == null || request.signature().isEmpty()
            ? Signature.DEFAULT_KEY
            : request.signature();
    return version
        .signature(name)
        .orElseThrow(
            () ->
                new BadRequestResponse(
                    "Serving signature name: \"%s\" not found in signature def"
                        .formatted(NestedNumbers.shortened(name))));
  }

  private ServedModel model(Matcher path) throws IOException {
    String name = path.group("name");
    return models.named(name, () -> notFound(name, path.group("version")));
  }

  private static String notFound(String name, String version) {
    return "Servable not found for request: "
        + (version == null
            ? "Latest(%s)".formatted(name)
            : "Specific(%s, %s)".formatted(name, version));
  }

  private static void refuseOtherVersion(LoadedVersion version, Matcher path) {
    String asked = path.group("version");
    if (asked != null && !isNumber(asked, version.number())) {
      throw new NotFoundResponse(notFound(path.group("name"), asked));
    }
  }

  /** Whether digits, of which there may be more than any number has, are that number. */
  private static boolean isNumber(String digits, long number) {
    return digits.replaceFirst("^0+(?=.)", "").equals(String.valueOf(number));
  }

  private static void refuseLabel(Matcher path) {
    if (path.group("label") != null) {
      throw new BadRequestResponse("Unrecognized servable version label: " + path.group("label"));
    }
  }

  private static BadRequestResponse malformed(Context ctx) {
    return new BadRequestResponse("Malformed request: %s %s".formatted(ctx.method(), ctx.path()));
  }

  // ---- Looking

  /** Answers a GET. */
  void look(Context ctx) throws IOException {
    Matcher path = LOOK.matcher(ctx.path());
    if (!path.matches()) {
      throw malformed(ctx);
    }
    refuseLabel(path);
    if (path.group("metadata") != null) {
      ServerMetrics.is(ctx, "metadata");
      json(ctx, metadata(model(path), path));
    } else {
      ServerMetrics.is(ctx, "status");
      json(ctx, status(path));
    }
  }

  private static void json(Context ctx, ObjectNode json) throws IOException {
    ctx.contentType("application/json")
        .result(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
  }

  private ObjectNode status(Matcher path) throws IOException {
    String name = path.group("name");
    String version = path.group("version");
    ServedModel model = models.named(name, () -> "Could not find any versions of model " + name);
    ObjectNode json = JSON.createObjectNode();
    ArrayNode statuses = json.putArray("model_version_status");
    for (ServedModel.Status status : model.statuses()) {
      if (version != null && !isNumber(version, status.version())) {
        continue;
      }
      ObjectNode one = statuses.addObject();
      one.put("version", String.valueOf(status.version()));
      one.put("state", status.error() == null ? "AVAILABLE" : "END");
      one.putObject("status")
          .put("error_code", status.error() == null ? "OK" : "UNKNOWN")
          .put("error_message", status.error() == null ? "" : status.error());
    }
    if (statuses.isEmpty()) {
      throw new NotFoundResponse("Could not find version %s of model %s".formatted(version, name));
    }
    return json;
  }

  private static ObjectNode metadata(ServedModel model, Matcher path) {
    LoadedVersion version = model.served();
    refuseOtherVersion(version, path);
    ObjectNode json = JSON.createObjectNode();
    json.putObject("model_spec")
        .put("name", model.name())
        .put("signature_name", "")
        .put("version", String.valueOf(version.number()));
    ObjectNode signatures =
        json.putObject("metadata").putObject("signature_def").putObject("signature_def");
    new TreeMap<>(version.signatures())
        .forEach((name, signature) -> describe(signature, signatures.putObject(name)));
    return json;
  }

  private static void describe(SignatureDef signature, ObjectNode json) {
    describe(signature.getInputsMap(), json.putObject("inputs"));
    describe(signature.getOutputsMap(), json.putObject("outputs"));
    json.put("method_name", signature.getMethodName());
  }

  private static void describe(Map<String, TensorInfo> tensors, ObjectNode json) {
    new TreeMap<>(tensors)
        .forEach(
            (name, tensor) -> {
              ObjectNode one = json.putObject(name).put("dtype", tensor.getDtype().name());
              ObjectNode shape = one.putObject("tensor_shape");
              ArrayNode sizes = shape.putArray("dim");
              for (TensorShapeProto.Dim dim : tensor.getTensorShape().getDimList()) {
                sizes
                    .addObject()
                    .put("size", String.valueOf(dim.getSize()))
                    .put("name", dim.getName());
              }
              shape.put("unknown_rank", tensor.getTensorShape().getUnknownRank());
              one.put("name", tensor.getName());
            });
  }

  /** Ends its threads; what they are answering is answered first. */
  @Override
  public void close() {
    small.shutdown();
  }
}
