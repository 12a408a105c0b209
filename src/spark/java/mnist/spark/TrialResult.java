package mnist.spark;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import mnist.platform.Json;
import mnist.runs.RunFolder;
import mnist.runs.RunInfo;

/**
 * The result of a trial, from its run's {@code run.json}. Missing numbers are NaN.
 *
 * @param status running, completed, interrupted or failed; empty if the run has not started
 * @param hasModel whether the run has saved a model
 * @param best the best test accuracy, 0..1
 * @param last the last test accuracy, 0..1
 * @param seconds duration of the training
 */
record TrialResult(String status, boolean hasModel, double best, double last, double seconds) {

  /** Reads the result of a run, which may not have started. */
  static TrialResult read(Path run) throws IOException {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(Files.readAllBytes(new RunFolder(run).infoFile()));
    } catch (NoSuchFileException | JacksonException e) {
      json = Json.MAPPER.createObjectNode();
    }
    return new TrialResult(
        json.path("status").asText(""),
        json.at("/results/model/folder").isTextual(),
        json.at("/results/best_test/accuracy").asDouble(Double.NaN),
        json.at("/results/last_test/accuracy").asDouble(Double.NaN),
        json.at("/results/seconds").asDouble(Double.NaN));
  }

  boolean isCompleted() {
    return status.equals(RunInfo.COMPLETED);
  }
}
