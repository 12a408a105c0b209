package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mnist.app.Program;
import mnist.platform.Json;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The class and probabilities of an image, or the error. */
record ScoredImage(Integer best, List<Float> probabilities, String error) {
  /** Reads the output of {@code mnist.spark.Score}, by image name. */
  static Map<String, List<ScoredImage>> readParquet(Path folder) throws IOException {
    try (SparkSession spark = local()) {
      Map<String, List<ScoredImage>> images = new HashMap<>();
      for (Row row : spark.read().parquet(folder.toString()).collectAsList()) {
        images
            .computeIfAbsent(row.getAs("image"), name -> new ArrayList<>())
            .add(
                new ScoredImage(
                    row.getAs("class"),
                    row.getAs("probabilities") == null
                        ? null
                        : row.getList(row.fieldIndex("probabilities")),
                    row.getAs("error")));
      }
      return images;
    }
  }

  /** A Spark session in this process; to be closed. */
  static SparkSession local() {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", false)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate();
  }

  /** The output of {@code mnist.app.Predict}. */
  record Predicted(Map<String, ScoredImage> images, List<String> errors) {}

  /** Runs {@code mnist.app.Predict} in a separate process with the kernels of the tests. */
  static Predicted predict(Path folder, Path model, String... images) throws Exception {
    String[] args =
        Stream.concat(
                Stream.of("--model", model.toString(), "--json", "--no-onednn", "--"),
                Stream.of(images))
            .toArray(String[]::new);
    Program.Run run = Program.end(folder, Program.start(folder, List.of(), "app.Predict", args));
    Map<String, ScoredImage> predictions = new HashMap<>();
    for (String line : run.out().lines().toList()) {
      JsonNode json = Json.MAPPER.readTree(line);
      List<Float> probabilities = new ArrayList<>();
      json.get("probabilities").forEach(p -> probabilities.add(Float.parseFloat(p.asText())));
      predictions.put(
          json.get("image").asText(),
          new ScoredImage(json.get("class").asInt(), probabilities, null));
    }
    assertThat(predictions).as(run.err()).isNotEmpty();
    return new Predicted(
        predictions,
        run.err().lines().map(line -> line.replaceFirst("^error: ", "")).sorted().toList());
  }
}
