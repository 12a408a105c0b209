package mnist.spark;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import mnist.runs.RunFolder;
import mnist.runs.RunInfo;

/**
 * What the folder of a run says it has come to.
 *
 * @param status running, completed, interrupted or failed; empty where there is no record
 * @param model whether the run has left one
 * @param best the best test accuracy, 0..1
 * @param last the last one
 * @param seconds the training took
 */
record TrialRecord(
    String status,
    boolean model,
    OptionalDouble best,
    OptionalDouble last,
    OptionalDouble seconds) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What is to be said of a run, which may not have begun. */
  static TrialRecord of(Path run) throws IOException {
    JsonNode json;
    try {
      json = JSON.readTree(Files.readAllBytes(new RunFolder(run).infoFile()));
    } catch (NoSuchFileException | JacksonException e) {
      json = JSON.createObjectNode();
    }
    return new TrialRecord(
        json.path("status").asText(""),
        json.at("/results/model/folder").isTextual(),
        number(json.at("/results/best_test/accuracy")),
        number(json.at("/results/last_test/accuracy")),
        number(json.at("/results/seconds")));
  }

  private static OptionalDouble number(JsonNode value) {
    return value.isNumber() ? OptionalDouble.of(value.asDouble()) : OptionalDouble.empty();
  }

  boolean isCompleted() {
    return status.equals(RunInfo.COMPLETED);
  }

  /** Whether it has come to its end and has left what it should. */
  boolean isDone(boolean withModel) {
    return isCompleted() && (model || !withModel);
  }
}
