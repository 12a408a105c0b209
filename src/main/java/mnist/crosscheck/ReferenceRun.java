package mnist.crosscheck;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mnist.data.Split;
import mnist.training.Measurement;
import org.tensorflow.proto.GraphDef;

/**
 * What a run of a Python script left in its folder.
 *
 * @param graph graph.pb
 * @param measurements metrics.jsonl
 * @param initialWeights initial.f32: the variables in the script's order, each row-major
 * @param gradients gradients.f32: of the same variables, on the first batch under the initial
 *     weights
 * @param finalWeights final.f32: the variables after the last step
 * @param medianStepMillis half of the steps took at most so long
 */
public record ReferenceRun(
    GraphDef graph,
    List<Measurement> measurements,
    float[] initialWeights,
    float[] gradients,
    float[] finalWeights,
    double medianStepMillis) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> FILES =
      List.of("run.json", "metrics.jsonl", "graph.pb", "initial.f32", "gradients.f32", "final.f32");

  /**
   * Reads a run.
   *
   * @param expected what it must be a run of
   * @throws CrossCheckException if it broke off, is damaged, or is a run of something else
   */
  public static ReferenceRun read(Path folder, RunOptions expected)
      throws IOException, CrossCheckException {
    for (String file : FILES) {
      if (!Files.exists(folder.resolve(file))) {
        throw new CrossCheckException(
            folder + " has no " + file + ": the reference run broke off; run it again");
      }
    }
    JsonNode run = readRun(folder);
    refuseOther(folder, "stage", expected.stage(), run.path("stage").asText());
    refuseOther(
        folder, "last iteration", expected.iterations(), run.at("/options/iterations").asInt());
    refuseOther(folder, "batch size", expected.batchSize(), run.at("/options/batch_size").asInt());
    refuseOther(folder, "seed", expected.seed(), run.at("/options/seed").asLong());
    for (Map.Entry<String, String> file : expected.sha256().entrySet()) {
      refuseOther(
          folder,
          "SHA-256 of " + file.getKey(),
          file.getValue(),
          run.path("data").path("sha256").path(file.getKey()).asText());
    }
    return new ReferenceRun(
        GraphDef.parseFrom(Files.readAllBytes(folder.resolve("graph.pb"))),
        readMeasurements(folder.resolve("metrics.jsonl")),
        readFloats(folder.resolve("initial.f32")),
        readFloats(folder.resolve("gradients.f32")),
        readFloats(folder.resolve("final.f32")),
        run.at("/results/median_step_ms").asDouble());
  }

  private static JsonNode readRun(Path folder) throws IOException, CrossCheckException {
    JsonNode run;
    try {
      run = JSON.readTree(folder.resolve("run.json").toFile());
    } catch (JsonProcessingException e) {
      throw new CrossCheckException(folder + "/run.json is damaged: " + e.getOriginalMessage());
    }
    if (!run.path("status").asText().equals("completed")) {
      throw new CrossCheckException(
          "%s/run.json has the status %s, expected completed; run it again"
              .formatted(folder, run.path("status")));
    }
    return run;
  }

  private static void refuseOther(Path folder, String what, Object expected, Object found)
      throws CrossCheckException {
    if (!expected.equals(found)) {
      throw new CrossCheckException(
          "%s is a run of something else: its %s is %s, expected %s"
              .formatted(folder, what, found, expected));
    }
  }

  private static List<Measurement> readMeasurements(Path file)
      throws IOException, CrossCheckException {
    List<Measurement> measurements = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode m;
      try {
        m = JSON.readTree(line);
      } catch (JsonProcessingException e) {
        throw new CrossCheckException(
            "%s: line %d is damaged".formatted(file, measurements.size() + 1));
      }
      for (String key : List.of("iteration", "epoch", "set", "accuracy", "loss", "learning_rate")) {
        if (!m.has(key)) {
          throw new CrossCheckException(
              "%s: line %d has no %s".formatted(file, measurements.size() + 1, key));
        }
      }
      measurements.add(
          new Measurement(
              m.get("iteration").asInt(),
              m.get("epoch").asInt(),
              Split.valueOf(m.get("set").asText()),
              (float) m.get("accuracy").asDouble(),
              (float) m.get("loss").asDouble(),
              (float) m.get("learning_rate").asDouble()));
    }
    return measurements;
  }

  /** Little-endian float32, as many as there are. */
  static float[] readFloats(Path file) throws IOException {
    FloatBuffer floats =
        ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] values = new float[floats.remaining()];
    floats.get(values);
    return values;
  }
}
