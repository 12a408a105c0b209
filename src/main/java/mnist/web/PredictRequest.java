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

/**
 * What a request to predict asks, as TensorFlow Serving's REST interface has it: in rows, {@code
 * {"instances": [tensor, …]}} or {@code {"instances": [{"image": tensor}, …]}}, or in columns,
 * {@code {"inputs": tensor}} or {@code {"inputs": {"image": tensor}}}.
 *
 * @param signature the name of the signature, null for the default one
 * @param inRows whether it was asked in rows, as it is then answered
 * @param input the input's name, null where there is none, since a signature has only one
 * @param numbers what the input is fed
 */
record PredictRequest(String signature, boolean inRows, String input, NestedNumbers numbers) {
  /** As many images may be asked about at once. */
  static final int MOST_INSTANCES = 10_000;

  private static final int DEEPEST = 32;
  private static final int LONGEST_NUMBER = 100;
  private static final int LONGEST_TEXT = 1 << 20;
  private static final int LONGEST_NAME = 256;

  private static final String ROWS = "instances";
  private static final String COLUMNS = "inputs";

  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNumberLength(LONGEST_NUMBER)
                  .maxStringLength(LONGEST_TEXT)
                  .maxNameLength(LONGEST_NAME)
                  .build())
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // as the interface says
          .build();

  /**
   * Reads it.
   *
   * @param body JSON in UTF-8
   * @throws BadRequestResponse with a line that says what was found and expected
   */
  static PredictRequest parse(byte[] body) {
    try (JsonParser json = JSON.createParser(body)) {
      return new Parsing(json).request();
    } catch (JsonProcessingException e) {
      throw new BadRequestResponse(
          "JSON Parse error: %s, at byte %d"
              .formatted(
                  e.getOriginalMessage().replaceAll("(?s)( \\(start marker|\n).*", ""),
                  e.getLocation() == null ? 0 : e.getLocation().getByteOffset()));
    } catch (IOException e) {
      throw new IllegalStateException("a body in memory is read", e);
    }
  }

  /** The fields in whatever order they come. */
  private static final class Parsing {
    private final JsonParser json;
    private String signature;
    private String input;
    private String form;
    private final NestedNumbers numbers = new NestedNumbers(MOST_INSTANCES);

    Parsing(JsonParser json) {
      this.json = json;
    }

    PredictRequest request() throws IOException {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new BadRequestResponse("the body is no JSON object, expected {\"instances\": […]}");
      }
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "signature_name" -> signature = text(field);
          case ROWS -> {
            onlyOne(field);
            rows();
          }
          case COLUMNS -> {
            onlyOne(field);
            columns();
          }
          default -> json.skipChildren(); // the interface passes over what it does not know
        }
      }
      if (json.nextToken() != null) {
        throw new BadRequestResponse("something follows the JSON object");
      }
      if (form == null) {
        throw new BadRequestResponse("Missing 'inputs' or 'instances' key");
      }
      if (numbers.items() == 0) {
        throw new BadRequestResponse("'%s' is empty, expected at least one".formatted(form));
      }
      return new PredictRequest(signature, form.equals(ROWS), input, numbers);
    }

    private String text(String field) throws IOException {
      if (json.currentToken() != JsonToken.VALUE_STRING) {
        throw new BadRequestResponse("'%s' is no string".formatted(field));
      }
      return json.getText();
    }

    private void onlyOne(String field) {
      if (form != null) {
        throw new BadRequestResponse(
            "'%s' after '%s', expected only one of them".formatted(field, form));
      }
      form = field;
    }

    private void list(String field) {
      if (json.currentToken() != JsonToken.START_ARRAY) {
        throw new BadRequestResponse("'%s' is no list".formatted(field));
      }
    }

    private void rows() throws IOException {
      list(ROWS);
      Boolean named = null;
      while (json.nextToken() != JsonToken.END_ARRAY) {
        boolean object = json.currentToken() == JsonToken.START_OBJECT;
        String name = object ? nextName() : null;
        if (object && !name.equals("b64")) {
          named = same(named, true);
          named(name);
          numbers.readItem(json);
          nothingElse(name);
        } else {
          named = same(named, false);
          readBinaryOrPlain(name);
        }
      }
    }

    private static Boolean same(Boolean before, boolean now) {
      if (before != null && before != now) {
        throw new BadRequestResponse("instances with and without the input's name");
      }
      return now;
    }

    private void readBinaryOrPlain(String name) throws IOException {
      if (name == null) {
        numbers.readItem(json);
      } else {
        numbers.readBinaryItem(json);
      }
    }

    private void columns() throws IOException {
      if (json.currentToken() == JsonToken.START_OBJECT) {
        String name = nextName();
        named(name);
        items(name);
        nothingElse(name);
      } else {
        items(COLUMNS);
      }
    }

    private void items(String field) throws IOException {
      list(field);
      while (json.nextToken() != JsonToken.END_ARRAY) {
        numbers.readItem(json);
      }
    }

    /** The name of an object's first field; afterwards on that field's value. */
    private String nextName() throws IOException {
      if (json.nextToken() != JsonToken.FIELD_NAME) {
        throw new BadRequestResponse("an empty object, expected the input's name");
      }
      String name = json.currentName();
      json.nextToken();
      return name;
    }

    private void named(String name) {
      if (input != null && !input.equals(name)) {
        throw new BadRequestResponse(
            "inputs named %s and %s, expected one"
                .formatted(NestedNumbers.shortened(input), NestedNumbers.shortened(name)));
      }
      input = name;
    }

    private void nothingElse(String name) throws IOException {
      if (json.nextToken() != JsonToken.END_OBJECT) {
        throw new BadRequestResponse(
            "more inputs than %s, expected one".formatted(NestedNumbers.shortened(name)));
      }
    }
  }
}
