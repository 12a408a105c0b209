package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mnist.app.Program;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** What was said of an image: the probabilities and the class, or a reason. */
record Answer(Integer best, List<Float> probabilities, String error) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Answers by the names of their images. */
  static Map<String, List<Answer>> inParquet(Path folder) throws IOException {
    try (SparkSession spark = local()) {
      Map<String, List<Answer>> answers = new HashMap<>();
      for (Row row : spark.read().parquet(folder.toString()).collectAsList()) {
        answers
            .computeIfAbsent(row.getAs("image"), name -> new ArrayList<>())
            .add(
                new Answer(
                    row.getAs("class"),
                    row.getAs("probabilities") == null
                        ? null
                        : row.getList(row.fieldIndex("probabilities")),
                    row.getAs("error")));
      }
      return answers;
    }
  }

  /** Spark in this process; to be closed. */
  static SparkSession local() {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", false)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate();
  }

  /** What {@code mnist.app.Predict} says, and the reasons that it gives. */
  record Predicted(Map<String, Answer> answers, List<String> errors) {}

  /** Asks {@code mnist.app.Predict}, in a process of its own, with the kernels of the tests. */
  static Predicted byPredict(Path folder, Path model, String... images) throws Exception {
    String[] args =
        Stream.concat(
                Stream.of("--model", model.toString(), "--json", "--no-onednn", "--"),
                Stream.of(images))
            .toArray(String[]::new);
    Program.Run run = Program.end(folder, Program.start(folder, List.of(), "app.Predict", args));
    Map<String, Answer> answers = new HashMap<>();
    for (String line : run.out().lines().toList()) {
      JsonNode json = JSON.readTree(line);
      List<Float> probabilities = new ArrayList<>();
      json.get("probabilities").forEach(p -> probabilities.add(Float.parseFloat(p.asText())));
      answers.put(
          json.get("image").asText(), new Answer(json.get("class").asInt(), probabilities, null));
    }
    assertThat(answers).as(run.err()).isNotEmpty();
    return new Predicted(
        answers,
        run.err().lines().map(line -> line.replaceFirst("^error: ", "")).sorted().toList());
  }
}
