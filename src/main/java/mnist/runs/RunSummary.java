package mnist.runs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import mnist.data.Split;
import mnist.platform.Json;

/**
 * What a list of runs shows of each.
 *
 * @param name the folder's name
 * @param status running, completed, interrupted or failed; unreadable if run.json is damaged
 * @param started ISO 8601 in UTC
 * @param iterations the number of the last iteration, as requested
 * @param bestAccuracy on the test images so far, 0..1; null before the first measurement
 * @param recorded size of the view record in bytes, 0 if there is none
 * @param quietSeconds since a file of the run last changed
 * @param error why the run failed
 */
public record RunSummary(
    String name,
    String status,
    String stage,
    String title,
    String dataSet,
    String started,
    int iterations,
    Double bestAccuracy,
    long recorded,
    long quietSeconds,
    String error) {
  private static final ObjectReader METRICS = Json.MAPPER.readerFor(JsonNode.class);

  /**
   * The summary of a run.
   *
   * @throws IOException if its {@code run.json} cannot be read
   */
  public static RunSummary of(RunFolder run) throws IOException {
    try {
      return of(run, Json.MAPPER.readTree(run.infoBytes()));
    } catch (JacksonException e) {
      return unreadable(run, RunFolder.INFO + " is damaged");
    }
  }

  /** The summary of a run whose {@code run.json} cannot be read. */
  static RunSummary unreadable(RunFolder run, String problem) throws IOException {
    return of(run, Json.MAPPER.createObjectNode().put("error", problem));
  }

  private static RunSummary of(RunFolder run, JsonNode info) throws IOException {
    JsonNode best = info.at("/results/best_test/accuracy");
    return new RunSummary(
        run.name(),
        info.path("status").asText(RunInfo.UNREADABLE),
        info.path("stage").asText(),
        info.path("title").asText(),
        info.at("/data/name").asText(),
        info.path("started").asText(null),
        info.at("/options/iterations").asInt(),
        best.isNumber() ? (Double) best.asDouble() : bestSoFar(run),
        run.viewRecordSize(),
        (System.currentTimeMillis() - lastChange(run)) / 1000,
        info.path("error").asText(null));
  }

  private static long lastChange(RunFolder run) throws IOException {
    long last = 0;
    for (Path file : List.of(run.infoFile(), run.metricsFile(), run.viewRecord())) {
      if (RunFile.exists(file)) {
        last = Math.max(last, Files.getLastModifiedTime(file).toMillis());
      }
    }
    return last;
  }

  private static Double bestSoFar(RunFolder run) {
    Double best = null;
    try (InputStream in = RunFile.open(run.metricsFile(), RunFolder.MAX_METRICS_BYTES);
        MappingIterator<JsonNode> lines = METRICS.readValues(in)) {
      while (lines.hasNextValue()) {
        JsonNode line = lines.nextValue();
        if (line.path("set").asText().equals(Split.TEST.name())) {
          double accuracy = line.path("accuracy").asDouble();
          best = best == null ? accuracy : (Double) Math.max(best, accuracy);
        }
      }
    } catch (IOException e) {
      // missing, damaged from here on, or its last line is being written
    }
    return best;
  }
}
