package mnist.web;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.javalin.http.BadRequestResponse;
import java.io.IOException;
import java.util.Arrays;

/**
 * A tensor in JSON: numbers in nested lists, read item by item straight into an array. The
 * outermost list holds the items; of the lists in them, all at one level must have the same length.
 * A binary value, {@code {"b64": "…"}}, counts as the list of its bytes.
 */
final class JsonTensor {
  private static final int MAX_ITEMS = 10_000;
  private static final int MAX_LEVELS = 8;
  private static final int INITIAL_CAPACITY = 1024;

  /** The shape so far, the number of items first; 0 where it is not known yet. */
  private final int[] sizes = new int[MAX_LEVELS];

  private int rank;
  private float[] values = new float[INITIAL_CAPACITY];
  private int count;
  private boolean binary;

  /** Reads the next item, from its first token to its last. */
  void readItem(JsonParser json) throws IOException {
    addItem();
    readValue(json, 1);
  }

  /** Reads the next item, a binary value, from the value of its b64 to its last token. */
  void readBinaryItem(JsonParser json) throws IOException {
    addItem();
    readBytes(json, 1);
  }

  private void addItem() {
    if (++sizes[0] > MAX_ITEMS) {
      throw new BadRequestResponse(
          "found more than %d instances, the maximum per request".formatted(MAX_ITEMS));
    }
  }

  private void readValue(JsonParser json, int level) throws IOException {
    JsonToken token = json.currentToken();
    if (token == JsonToken.START_ARRAY) {
      readList(json, level);
    } else if (token == JsonToken.START_OBJECT) {
      if (json.nextToken() != JsonToken.FIELD_NAME || !json.currentName().equals("b64")) {
        throw new BadRequestResponse("found an object, expected numbers or {\"b64\": \"…\"}");
      }
      json.nextToken();
      readBytes(json, level);
    } else if (token.isNumeric()) {
      setRank(level);
      add(parseFloat(json));
    } else {
      throw new BadRequestResponse(
          "found %s, expected numbers".formatted(abbreviate(json.getText())));
    }
  }

  private void readList(JsonParser json, int level) throws IOException {
    if (level >= MAX_LEVELS) {
      throw new BadRequestResponse(
          "lists are nested more than %d levels deep".formatted(MAX_LEVELS));
    }
    int size = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      readValue(json, level + 1);
      size++;
    }
    if (size == 0) {
      throw new BadRequestResponse("found an empty list at level %d".formatted(level));
    }
    setSize(level, size);
  }

  private void readBytes(JsonParser json, int level) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw new BadRequestResponse("b64 must be a string");
    }
    byte[] bytes = json.getBinaryValue();
    if (json.nextToken() != JsonToken.END_OBJECT || bytes.length == 0) {
      throw new BadRequestResponse("an object with b64 must contain only its bytes");
    }
    binary = true;
    setRank(level + 1);
    setSize(level, bytes.length);
    for (byte b : bytes) {
      add(b & 0xff);
    }
  }

  private void setRank(int level) {
    if (rank > 0 && rank != level) {
      throw new BadRequestResponse(
          "found a number at level %d, expected numbers at level %d".formatted(level, rank));
    }
    rank = level;
  }

  private void setSize(int level, int size) {
    if (sizes[level] > 0 && sizes[level] != size) {
      throw new BadRequestResponse(
          "found a list of %d values at level %d, expected %d"
              .formatted(size, level, sizes[level]));
    }
    sizes[level] = size;
  }

  /** Rounds as Python does: to the nearest double, then to the nearest float. */
  private static float parseFloat(JsonParser json) throws IOException {
    float value = (float) json.getDoubleValue();
    // Infinity may be requested by name only.
    if (Float.isInfinite(value)
        && Character.isDigit(json.getText().charAt(json.getTextLength() - 1))) {
      throw new BadRequestResponse(
          "%s is too large for float32".formatted(abbreviate(json.getText())));
    }
    return value;
  }

  private void add(float value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
  }

  /** Shortens text from a request for an error message. */
  static String abbreviate(String text) {
    return text == null || text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  int items() {
    return sizes[0];
  }

  /** The shape, the number of items first. */
  long[] shape() {
    return Arrays.stream(sizes).limit(rank).asLongStream().toArray();
  }

  /** Whether it contains binary values, whose bytes have no shape of their own. */
  boolean isBinary() {
    return binary;
  }

  /** All values in row-major order. */
  float[] values() {
    return count == values.length ? values : Arrays.copyOf(values, count);
  }
}
