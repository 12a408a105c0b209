package mnist.web;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.javalin.http.BadRequestResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import mnist.model.Model;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/**
 * Runs one of a model's signatures on requests in TensorFlow Serving's JSON. Supported are
 * signatures with one input, float32 or uint8, and outputs of float32 or int64, each with a row per
 * instance.
 */
final class SignatureHandler {
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS) // as TensorFlow Serving does
          .build();

  private static final Set<DataType> INPUT_TYPES = Set.of(DataType.DT_FLOAT, DataType.DT_UINT8);
  private static final Set<DataType> OUTPUT_TYPES = Set.of(DataType.DT_FLOAT, DataType.DT_INT64);

  private final Model model;
  private final String inputName;
  private final TensorInfo input;
  private final Shape inputShape;
  private final List<String> outputNames;
  private final List<String> outputTensors;

  private SignatureHandler(Model model, SignatureDef signature) {
    this.model = model;
    inputName = signature.getInputsMap().keySet().iterator().next();
    input = signature.getInputsOrThrow(inputName);
    inputShape =
        Shape.of(
            input.getTensorShape().getDimList().stream().mapToLong(dim -> dim.getSize()).toArray());
    Map<String, TensorInfo> sorted = new TreeMap<>(signature.getOutputsMap());
    outputNames = List.copyOf(sorted.keySet());
    outputTensors = sorted.values().stream().map(TensorInfo::getName).toList();
  }

  /** A handler for a signature; empty if the signature is not supported. */
  static Optional<SignatureHandler> of(Model model, SignatureDef signature) {
    boolean supported =
        signature.getInputsCount() == 1
            && signature.getOutputsCount() >= 1
            && signature.getInputsMap().values().stream()
                .allMatch(
                    input ->
                        INPUT_TYPES.contains(input.getDtype())
                            && input.getTensorShape().getDimCount() >= 1)
            && signature.getOutputsMap().values().stream()
                .allMatch(output -> OUTPUT_TYPES.contains(output.getDtype()));
    return supported ? Optional.of(new SignatureHandler(model, signature)) : Optional.empty();
  }

  /** Runs the model and returns the response as JSON. */
  byte[] predict(PredictRequest request) {
    if (request.input() != null && !request.input().equals(inputName)) {
      throw new BadRequestResponse(
          "there is no input %s, expected %s"
              .formatted(JsonTensor.abbreviate(request.input()), inputName));
    }
    try (Tensor value = tensor(request.tensor());
        Result result = model.run(input.getName(), value, outputTensors)) {
      return toJson(result, request);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // never happens in memory
    }
  }

  private Tensor tensor(JsonTensor json) {
    Shape found = Shape.of(json.shape());
    Shape shape = found;
    if (json.isBinary() && input.getDtype() != DataType.DT_UINT8) {
      throw new BadRequestResponse(
          "b64 needs a uint8 input, but %s is float32".formatted(inputName));
    }
    if (json.isBinary() && found.numDimensions() == 2) {
      // Bytes have no shape of their own; the signature's is used.
      long[] sizes = inputShape.asArray();
      sizes[0] = json.items();
      shape = Shape.of(sizes);
    }
    if (!shape.isCompatibleWith(inputShape) || shape.size() != found.size()) {
      throw new BadRequestResponse(
          "%s has shape %s, expected %s"
              .formatted(
                  inputName,
                  Arrays.toString(found.asArray()),
                  Arrays.toString(inputShape.asArray()).replaceFirst("-1", "batch")));
    }
    return input.getDtype() == DataType.DT_UINT8
        ? TUint8.tensorOf(shape, DataBuffers.of(bytes(json.values()), true, false))
        : TFloat32.tensorOf(shape, DataBuffers.of(json.values(), true, false));
  }

  private byte[] bytes(float[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      int value = (int) values[i];
      if (value != values[i] || value < 0 || value > 255) {
        throw new BadRequestResponse(
            "%s contains %s, expected integers 0..255".formatted(inputName, values[i]));
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }

  // ---- The response

  /**
   * The outputs as {@code {"predictions": [row, …]}} or {@code {"outputs": tensor}}; if there are
   * several outputs, each row, or the tensor, is an object.
   */
  private byte[] toJson(Result result, PredictRequest request) throws IOException {
    int items = request.rowFormat() ? request.tensor().items() : (int) result.get(0).shape().get(0);
    Column[] columns = new Column[outputTensors.size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = new Column(outputNames.get(i), result.get(i), items);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(256 * items);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      if (request.rowFormat()) {
        json.writeArrayFieldStart("predictions");
        for (int i = 0; i < items; i++) {
          write(columns, 1, json);
        }
        json.writeEndArray();
      } else {
        json.writeFieldName("outputs");
        write(columns, 0, json);
      }
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void write(Column[] columns, int axis, JsonGenerator json) throws IOException {
    if (columns.length == 1) {
      columns[0].writeNext(axis, json);
      return;
    }
    json.writeStartObject();
    for (Column column : columns) {
      json.writeFieldName(column.name);
      column.writeNext(axis, json);
    }
    json.writeEndObject();
  }

  /** The values of one output, the first axis being the instances. */
  private static final class Column {
    final String name;
    private final long[] sizes;
    private final float[] floats;
    private final long[] longs;
    private int next;

    Column(String name, Tensor tensor, int items) {
      this.name = name;
      sizes = tensor.shape().asArray();
      if (sizes.length == 0 || sizes[0] != items) {
        throw new BadRequestResponse(
            "the model returned %s of shape %s for %d instances"
                .formatted(name, Arrays.toString(sizes), items));
      }
      int size = (int) tensor.shape().size();
      if (tensor instanceof TFloat32 values) {
        floats = new float[size];
        longs = null;
        values.asRawTensor().data().asFloats().read(floats);
      } else {
        longs = new long[size];
        floats = null;
        ((TInt64) tensor).asRawTensor().data().asLongs().read(longs);
      }
    }

    /** Writes the next values, from an axis on: 0 for all instances, 1 for the next instance. */
    void writeNext(int axis, JsonGenerator json) throws IOException {
      if (axis == sizes.length) {
        if (floats != null) {
          json.writeNumber(floats[next++]);
        } else {
          json.writeNumber(longs[next++]);
        }
        return;
      }
      json.writeStartArray();
      for (long i = 0; i < sizes[axis]; i++) {
        writeNext(axis + 1, json);
      }
      json.writeEndArray();
    }
  }
}
