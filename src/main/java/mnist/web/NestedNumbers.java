package mnist.web;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.javalin.http.BadRequestResponse;
import java.io.IOException;
import java.util.Arrays;

/**
 * Numbers in nested lists, as JSON has a tensor, read straight into an array. Every list of a level
 * must be as long as the first one of that level.
 *
 * <p>Binary values, {@code {"b64": "…"}}, are lists of their bytes.
 */
final class NestedNumbers {
  /** More levels than any tensor here has. */
  private static final int MOST_LEVELS = 8;

  private static final int FIRST_ROOM = 1024;

  private final int mostItems;
  private final int[] sizes = new int[MOST_LEVELS];
  private float[] values = new float[FIRST_ROOM];
  private int count;
  private int items;
  private int levels = -1;
  private boolean binary;

  /**
   * @param mostItems so long may the outermost list be
   */
  NestedNumbers(int mostItems) {
    this.mostItems = mostItems;
    Arrays.fill(sizes, -1);
  }

  /**
   * Reads one item of the outermost list.
   *
   * @param json on the item's first token; afterwards on its last
   */
  void readItem(JsonParser json) throws IOException {
    countItem();
    read(json, 1);
  }

  /**
   * Reads one item that is binary.
   *
   * @param json on the value of the item's b64; afterwards on the end of the item
   */
  void readBinaryItem(JsonParser json) throws IOException {
    countItem();
    readBytes(json, 1);
  }

  private void countItem() {
    if (++items > mostItems) {
      throw new BadRequestResponse(
          "more than %d instances, expected at most so many".formatted(mostItems));
    }
  }

  private void read(JsonParser json, int level) throws IOException {
    JsonToken token = json.currentToken();
    if (token == JsonToken.START_ARRAY) {
      readList(json, level);
    } else if (token == JsonToken.START_OBJECT) {
      readBinary(json, level);
    } else if (token.isNumeric()) {
      leafAt(level);
      add(number(json));
    } else {
      throw new BadRequestResponse(
          "found %s, expected numbers".formatted(shortened(String.valueOf(json.getText()))));
    }
  }

  private void readList(JsonParser json, int level) throws IOException {
    if (level >= MOST_LEVELS) {
      throw new BadRequestResponse("lists more than %d levels deep".formatted(MOST_LEVELS));
    }
    int size = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      read(json, level + 1);
      size++;
    }
    if (size == 0) {
      throw new BadRequestResponse("an empty list at level %d".formatted(level));
    }
    sized(level, size);
  }

  private void readBinary(JsonParser json, int level) throws IOException {
    if (json.nextToken() != JsonToken.FIELD_NAME || !json.currentName().equals("b64")) {
      throw new BadRequestResponse("found an object, expected numbers or {\"b64\": \"…\"}");
    }
    json.nextToken();
    readBytes(json, level);
  }

  private void readBytes(JsonParser json, int level) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw new BadRequestResponse("b64 is no string");
    }
    byte[] bytes = json.getBinaryValue();
    if (json.nextToken() != JsonToken.END_OBJECT || bytes.length == 0) {
      throw new BadRequestResponse("an object with b64 has bytes and nothing else");
    }
    binary = true;
    leafAt(level + 1);
    sized(level, bytes.length);
    for (byte b : bytes) {
      add(b & 0xff);
    }
  }

  private void leafAt(int level) {
    if (levels >= 0 && levels != level) {
      throw new BadRequestResponse(
          "a number at level %d, expected them at level %d".formatted(level, levels));
    }
    levels = level;
  }

  private void sized(int level, int size) {
    if (sizes[level] >= 0 && sizes[level] != size) {
      throw new BadRequestResponse(
          "a list of %d at level %d, expected %d".formatted(size, level, sizes[level]));
    }
    sizes[level] = size;
  }

  /** As Python has it: the nearest double, then the nearest float. */
  private static float number(JsonParser json) throws IOException {
    float value = (float) json.getDoubleValue();
    if (Float.isInfinite(value) && Character.isDigit(last(json.getText()))) {
      throw new BadRequestResponse(
          "%s is too large for float32".formatted(shortened(json.getText())));
    }
    return value;
  }

  private static char last(String text) {
    return text.charAt(text.length() - 1);
  }

  private void add(float value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
  }

  static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  /** How many items were read. */
  int items() {
    return items;
  }

  /** The sizes, the number of items first. */
  long[] shape() {
    long[] shape = new long[Math.max(1, levels)];
    for (int level = 1; level < shape.length; level++) {
      shape[level] = sizes[level];
    }
    shape[0] = items;
    return shape;
  }

  /** Whether any of it was binary, whose bytes have no shape of their own. */
  boolean isBinary() {
    return binary;
  }

  /** All numbers, the last size's running fastest. */
  float[] values() {
    return count == values.length ? values : Arrays.copyOf(values, count);
  }
}
