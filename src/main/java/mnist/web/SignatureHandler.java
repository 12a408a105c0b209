package mnist.web;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.javalin.http.BadRequestResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
 * One of a model's signatures, asked and answered in TensorFlow Serving's JSON. It has one input,
 * float32 or uint8, and outputs of float32 or int64, each with an entry for each instance.
 */
final class SignatureHandler {
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS) // as the interface says
          .build();

  private static final Set<DataType> INPUTS = Set.of(DataType.DT_FLOAT, DataType.DT_UINT8);
  private static final Set<DataType> OUTPUTS = Set.of(DataType.DT_FLOAT, DataType.DT_INT64);

  private final Model model;
  private final String inputName;
  private final TensorInfo input;
  private final Shape inputShape;
  private final List<String> outputNames;
  private final List<String> outputs;

  private SignatureHandler(Model model, SignatureDef signature) {
    this.model = model;
    inputName = signature.getInputsMap().keySet().iterator().next();
    input = signature.getInputsOrThrow(inputName);
    inputShape = shape(input);
    Map<String, TensorInfo> sorted = new TreeMap<>(signature.getOutputsMap());
    outputNames = List.copyOf(sorted.keySet());
    outputs = sorted.values().stream().map(TensorInfo::getName).toList();
  }

  /** Empty for a signature that is of another kind. */
  static Optional<SignatureHandler> of(Model model, SignatureDef signature) {
    boolean known =
        signature.getInputsCount() == 1
            && signature.getInputsMap().values().stream()
                .allMatch(input -> INPUTS.contains(input.getDtype()) && hasRank(input))
            && signature.getOutputsCount() >= 1
            && signature.getOutputsMap().values().stream()
                .allMatch(output -> OUTPUTS.contains(output.getDtype()));
    return known ? Optional.of(new SignatureHandler(model, signature)) : Optional.empty();
  }

  private static boolean hasRank(TensorInfo tensor) {
    return tensor.getTensorShape().getDimCount() >= 1;
  }

  private static Shape shape(TensorInfo tensor) {
    return Shape.of(
        tensor.getTensorShape().getDimList().stream().mapToLong(dim -> dim.getSize()).toArray());
  }

  /**
   * Asks the model.
   *
   * @return the answer as JSON
   * @throws BadRequestResponse if the request does not fit the signature
   */
  byte[] answer(PredictRequest request) {
    if (request.input() != null && !request.input().equals(inputName)) {
      throw new BadRequestResponse(
          "no input is named %s, expected %s"
              .formatted(NestedNumbers.shortened(request.input()), inputName));
    }
    try (Tensor value = tensor(request.numbers());
        Result result = model.run(input.getName(), value, outputs)) {
      return request.inRows() ? rows(result, request.numbers().items()) : columns(result);
    } catch (IOException e) {
      throw new IllegalStateException("JSON is written to memory", e);
    }
  }

  private Tensor tensor(NestedNumbers numbers) {
    Shape found = Shape.of(numbers.shape());
    Shape shape = found;
    if (numbers.isBinary() && input.getDtype() != DataType.DT_UINT8) {
      throw new BadRequestResponse("b64 is for uint8, but %s is float32".formatted(inputName));
    }
    if (numbers.isBinary() && found.numDimensions() == 2) {
      // Bytes come in a row; the signature says what shape they have.
      long[] sizes = inputShape.asArray();
      sizes[0] = numbers.items();
      shape = Shape.of(sizes);
    }
    if (!shape.isCompatibleWith(inputShape) || shape.size() != found.size()) {
      throw new BadRequestResponse(
          "%s has the shape %s, expected %s"
              .formatted(
                  inputName,
                  Arrays.toString(found.asArray()),
                  Arrays.toString(inputShape.asArray()).replaceFirst("-1", "batch")));
    }
    return input.getDtype() == DataType.DT_UINT8
        ? TUint8.tensorOf(shape, DataBuffers.of(bytes(numbers.values()), true, false))
        : TFloat32.tensorOf(shape, DataBuffers.of(numbers.values(), true, false));
  }

  private byte[] bytes(float[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      int level = (int) values[i];
      if (level != values[i] || level < 0 || level > 255) {
        throw new BadRequestResponse(
            "%s holds %s, expected whole numbers 0..255".formatted(inputName, values[i]));
      }
      bytes[i] = (byte) level;
    }
    return bytes;
  }

  // ---- The answer

  private byte[] rows(Result result, int items) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256 * items);
    Column[] columns = columns(result, items);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeArrayFieldStart("predictions");
      for (int i = 0; i < items; i++) {
        if (columns.length == 1) {
          columns[0].writeNext(json);
        } else {
          json.writeStartObject();
          for (Column column : columns) {
            json.writeFieldName(column.name);
            column.writeNext(json);
          }
          json.writeEndObject();
        }
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private byte[] columns(Result result) throws IOException {
    int items = (int) result.get(0).shape().get(0);
    ByteArrayOutputStream out = new ByteArrayOutputStream(256 * items);
    Column[] columns = columns(result, items);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeFieldName("outputs");
      if (columns.length == 1) {
        columns[0].writeAll(json);
      } else {
        json.writeStartObject();
        for (Column column : columns) {
          json.writeFieldName(column.name);
          column.writeAll(json);
        }
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private Column[] columns(Result result, int items) {
    Column[] columns = new Column[outputs.size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = new Column(outputNames.get(i), result.get(i), items);
    }
    return columns;
  }

  /** One output, an entry for each instance. */
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
            "the model's %s has the shape %s for %d instances"
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

    /** Writes the entry of the first instance, then that of the second, and so on. */
    void writeNext(JsonGenerator json) throws IOException {
      writeLevel(json, 1);
    }

    void writeAll(JsonGenerator json) throws IOException {
      writeLevel(json, 0);
    }

    private void writeLevel(JsonGenerator json, int level) throws IOException {
      if (level == sizes.length) {
        if (floats != null) {
          json.writeNumber(floats[next++]);
        } else {
          json.writeNumber(longs[next++]);
        }
        return;
      }
      json.writeStartArray();
      for (long i = 0; i < sizes[level]; i++) {
        writeLevel(json, level + 1);
      }
      json.writeEndArray();
    }
  }
}
