package mnist.crosscheck;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import mnist.platform.Json;
import mnist.training.Measurement;

/**
 * Reads the JSON that Python runs write into records: keys are in snake case, unknown keys are
 * ignored, and a missing key is an error.
 */
final class ReferenceJson {
  /** With measurements as objects, as in metrics.jsonl. */
  static final ObjectMapper OBJECTS =
      Json.MAPPER
          .copy()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

  /** With measurements as arrays of six, as in python-reference/expected. */
  static final ObjectMapper ARRAYS = arrays();

  private ReferenceJson() {}

  private static ObjectMapper arrays() {
    ObjectMapper mapper = OBJECTS.copy();
    mapper
        .configOverride(Measurement.class)
        .setFormat(JsonFormat.Value.forShape(JsonFormat.Shape.ARRAY));
    return mapper;
  }

  /**
   * Reads one JSON value.
   *
   * @param source of the text, for the message
   * @throws CrossCheckException if it is damaged or a key is missing
   */
  static <T> T read(ObjectMapper mapper, String text, Class<T> type, Object source)
      throws CrossCheckException {
    try {
      return mapper.readValue(text, type);
    } catch (MismatchedInputException e) {
      String path = path(e);
      throw new CrossCheckException(
          source + (path.isEmpty() ? " is damaged: it is empty" : " has no usable " + path));
    } catch (JsonProcessingException e) {
      throw new CrossCheckException(
          "%s is damaged at character %d".formatted(source, e.getLocation().getCharOffset() + 1));
    }
  }

  /** Such as {@code measurements[3].loss}. */
  private static String path(MismatchedInputException e) {
    StringBuilder path = new StringBuilder();
    for (Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return path.toString();
  }
}
