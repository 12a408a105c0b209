package mnist.crosscheck;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mnist.runs.RunFolder;
import mnist.runs.RunInfo;
import mnist.training.Measurement;
import org.tensorflow.proto.GraphDef;

/**
 * The record that a Python script writes of its run.
 *
 * @param graph graph.pb
 * @param measurements metrics.jsonl
 * @param initialWeights initial.f32: the variables in the script's order, each row-major, before
 *     the first step
 * @param gradients gradients.f32: of the trained variables, on the first batch with the initial
 *     weights
 * @param finalWeights final.f32: the variables after the last step
 * @param medianStepMillis the median time of a step
 */
public record ReferenceRun(
    GraphDef graph,
    List<Measurement> measurements,
    float[] initialWeights,
    float[] gradients,
    float[] finalWeights,
    double medianStepMillis) {
  private static final List<String> FILES =
      List.of(
          RunFolder.INFO,
          RunFolder.METRICS,
          "graph.pb",
          "initial.f32",
          "gradients.f32",
          "final.f32");

  /** The part of run.json that is used. */
  private record RunFile(String status, String stage, Options options, Data data, Results results) {
    Conditions conditions() {
      return new Conditions(
          stage, options.iterations, options.batchSize, options.seed, data.sha256);
    }
  }

  private record Options(int iterations, int batchSize, long seed) {}

  private record Data(Map<String, String> sha256) {}

  private record Results(double medianStepMs) {}

  /**
   * Reads a run.
   *
   * @param expected the conditions that the run must have had
   * @throws CrossCheckException if it is incomplete, damaged or a different run
   */
  public static ReferenceRun read(Path folder, Conditions expected)
      throws IOException, CrossCheckException {
    for (String file : FILES) {
      if (!Files.exists(folder.resolve(file))) {
        throw new CrossCheckException(
            folder + " has no " + file + ": the run was interrupted; run it again");
      }
    }
    RunFile run = readRun(folder);
    expected.requireEqual(folder, run.conditions());
    return new ReferenceRun(
        GraphDef.parseFrom(Files.readAllBytes(folder.resolve("graph.pb"))),
        readMeasurements(folder.resolve(RunFolder.METRICS)),
        readFloats(folder.resolve("initial.f32")),
        readFloats(folder.resolve("gradients.f32")),
        readFloats(folder.resolve("final.f32")),
        run.results.medianStepMs);
  }

  private static RunFile readRun(Path folder) throws IOException, CrossCheckException {
    Path file = folder.resolve(RunFolder.INFO);
    RunFile run =
        ReferenceJson.read(ReferenceJson.OBJECTS, Files.readString(file), RunFile.class, file);
    if (!run.status.equals(RunInfo.COMPLETED)) {
      throw new CrossCheckException(
          "%s has the status %s, expected completed; run it again".formatted(file, run.status));
    }
    return run;
  }

  private static List<Measurement> readMeasurements(Path file)
      throws IOException, CrossCheckException {
    List<Measurement> measurements = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String source = file + ": line " + (measurements.size() + 1);
      measurements.add(ReferenceJson.read(ReferenceJson.OBJECTS, line, Measurement.class, source));
    }
    return measurements;
  }

  /** Reads a file of little-endian float32. */
  static float[] readFloats(Path file) throws IOException {
    FloatBuffer floats =
        ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] values = new float[floats.remaining()];
    floats.get(values);
    return values;
  }
}
