package mnist.runs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
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

  /**
   * The summary of a run.
   *
   * @throws IOException if its {@code run.json} is missing
   */
  public static RunSummary of(RunFolder run) throws IOException {
    JsonNode info;
    try {
      info = Json.MAPPER.readTree(Files.readAllBytes(run.infoFile()));
    } catch (JacksonException e) {
      info = Json.MAPPER.createObjectNode().put("error", RunFolder.INFO + " is damaged");
    }
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
        Files.exists(run.viewRecord()) ? Files.size(run.viewRecord()) : 0,
        (System.currentTimeMillis() - lastChange(run)) / 1000,
        info.path("error").asText(null));
  }

  private static long lastChange(RunFolder run) throws IOException {
    long last = 0;
    for (Path file : List.of(run.infoFile(), run.metricsFile(), run.viewRecord())) {
      if (Files.exists(file)) {
        last = Math.max(last, Files.getLastModifiedTime(file).toMillis());
      }
    }
    return last;
  }

  private static Double bestSoFar(RunFolder run) {
    try (Stream<String> lines = Files.lines(run.metricsFile())) {
      return lines
          .filter(line -> line.contains("\"TEST\"") && line.endsWith("}"))
          .map(RunSummary::accuracy)
          .max(Comparator.naturalOrder())
          .orElse(null);
    } catch (IOException | RuntimeException e) {
      return null; // missing, or being written
    }
  }

  private static double accuracy(String line) {
    try {
      return Json.MAPPER.readTree(line).path("accuracy").asDouble();
    } catch (JacksonException e) {
      return 0;
    }
  }
}
