package mnist.web;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.javalin.http.BadRequestResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.Stream;
import org.tensorflow.Signature;

/**
 * A predict request of TensorFlow Serving's REST API: in row format, {@code {"instances": [tensor,
 * …]}} or {@code {"instances": [{"image": tensor}, …]}}, or in column format, {@code {"inputs":
 * tensor}} or {@code {"inputs": {"image": tensor}}}.
 *
 * @param signature the name of the signature
 * @param rowFormat whether request and response are in row format
 * @param input the name of the only input, null if the request does not name it
 * @param tensor the input's value
 */
record PredictRequest(String signature, boolean rowFormat, String input, JsonTensor tensor) {
  private static final String ROWS = "instances";
  private static final String COLUMNS = "inputs";

  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(32)
                  .maxNumberLength(100)
                  .maxStringLength(1 << 20)
                  .maxNameLength(256)
                  .build())
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // as TensorFlow Serving does
          .build();

  /** Parses the body of a request, JSON in UTF-8. */
  static PredictRequest parse(byte[] body) {
    try (JsonParser json = JSON.createParser(body)) {
      return new Parser(json).parse();
    } catch (JsonProcessingException e) {
      throw new BadRequestResponse(
          "JSON Parse error: %s, at byte %d"
              .formatted(
                  e.getOriginalMessage().replaceAll("(?s)( \\(start marker|\n).*", ""),
                  e.getLocation() == null ? 0 : e.getLocation().getByteOffset()));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // never happens in memory
    }
  }

  /** Accepts the fields in any order. */
  private static final class Parser {
    private final JsonParser json;
    private final JsonTensor tensor = new JsonTensor();
    private String signature = Signature.DEFAULT_KEY;
    private String input;
    private String format;

    Parser(JsonParser json) {
      this.json = json;
    }

    PredictRequest parse() throws IOException {
      check(
          json.nextToken() == JsonToken.START_OBJECT,
          "the body must be a JSON object such as {\"instances\": […]}");
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String field = json.currentName();
        if (json.nextToken() == JsonToken.VALUE_NULL) {
          continue; // generated clients send null for what is absent
        }
        switch (field) {
          case "signature_name" -> {
            check(json.currentToken() == JsonToken.VALUE_STRING, "'%s' must be a string", field);
            signature = json.getText().isEmpty() ? Signature.DEFAULT_KEY : json.getText();
          }
          case ROWS -> {
            setFormat(field);
            rows();
          }
          case COLUMNS -> {
            setFormat(field);
            columns();
          }
          default -> json.skipChildren(); // TensorFlow Serving ignores unknown fields
        }
      }
      check(json.nextToken() == null, "found content after the JSON object");
      check(format != null, "Missing 'inputs' or 'instances' key");
      check(tensor.items() > 0, "'%s' is empty, expected at least one instance", format);
      return new PredictRequest(signature, format.equals(ROWS), input, tensor);
    }

    private void setFormat(String field) {
      check(format == null, "found both '%s' and '%s', expected only one of them", format, field);
      format = field;
    }

    private void rows() throws IOException {
      checkList(ROWS);
      Boolean named = null;
      while (json.nextToken() != JsonToken.END_ARRAY) {
        String name = json.currentToken() == JsonToken.START_OBJECT ? firstFieldName() : null;
        boolean namesInput = name != null && !name.equals("b64");
        check(
            named == null || named == namesInput,
            "either all instances or none must name the input");
        named = namesInput;
        if (namesInput) {
          setInput(name);
          tensor.readItem(json);
          checkEndOfObject(name);
        } else if (name != null) {
          tensor.readBinaryItem(json);
        } else {
          tensor.readItem(json);
        }
      }
    }

    private void columns() throws IOException {
      if (json.currentToken() == JsonToken.START_OBJECT) {
        String name = firstFieldName();
        setInput(name);
        items(name);
        checkEndOfObject(name);
      } else {
        items(COLUMNS);
      }
    }

    private void items(String field) throws IOException {
      checkList(field);
      while (json.nextToken() != JsonToken.END_ARRAY) {
        tensor.readItem(json);
      }
    }

    /** Returns the name of an object's first field and moves on to its value. */
    private String firstFieldName() throws IOException {
      check(
          json.nextToken() == JsonToken.FIELD_NAME,
          "found an empty object, expected the name of the input");
      String name = json.currentName();
      json.nextToken();
      return name;
    }

    private void setInput(String name) {
      check(
          input == null || input.equals(name),
          "found inputs %s and %s, expected only one",
          input,
          name);
      input = name;
    }

    private void checkList(String field) {
      check(json.currentToken() == JsonToken.START_ARRAY, "'%s' must be a list", field);
    }

    private void checkEndOfObject(String name) throws IOException {
      check(
          json.nextToken() == JsonToken.END_OBJECT,
          "found a field after %s, expected only one",
          name);
    }

    private static void check(boolean condition, String message, String... found) {
      if (!condition) {
        Object[] abbreviated = Stream.of(found).map(JsonTensor::abbreviate).toArray();
        throw new BadRequestResponse(message.formatted(abbreviated));
      }
    }
  }
}
