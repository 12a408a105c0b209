package mnist.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mnist.bench.BenchResults.MemoryTrend;
import org.junit.jupiter.api.Test;

class BenchResultsTest {
  private static TrainingRound training(double stepMillis) {
    return new TrainingRound(501, stepMillis, 0.75, 12.5, 300, 1234, 300, 330);
  }

  private static PredictionRound prediction(double millis) {
    return new PredictionRound(55, millis, 2 * millis, 1000 / millis, 20_000, 90_000, 200, 201);
  }

  @Test
  void printsMediansOfTheRounds() {
    Map<String, List<TrainingRound>> training = new LinkedHashMap<>();
    training.put("1.0", List.of(training(4), training(1), training(2)));
    training.put("3.0", List.of(training(10), training(8), training(80)));
    Map<String, List<PredictionRound>> prediction =
        Map.of("3.0", List.of(prediction(.5), prediction(.25), prediction(8)));

    String text = new BenchResults(500, 10_000, training, prediction, null, null).toText();

    assertThat(text.lines())
        .containsExactly(
            "Training: medians of 3 rounds of 501 steps, batches of 100 images",
            "",
            "| stage | ms/step | images/s | first step s | peak memory MB | garbage bytes/step |",
            "|-------|---------|----------|--------------|----------------|--------------------|",
            "| 1.0   | 2.00    | 50000    | 0.75         | 300            | 1234               |",
            "| 3.0   | 10.00   | 10000    | 0.75         | 300            | 1234               |",
            "",
            "Prediction: medians of 3 rounds, 10,000 images one at a time, then batches",
            "",
            "| stage | load ms | one image: median ms | 99% below ms | images/s by 1 | by 100 | by 10,000 |",
            "|-------|---------|----------------------|--------------|---------------|--------|-----------|",
            "| 3.0   | 55      | 0.500                | 1.000        | 2000          | 20000  | 90000     |");
  }

  @Test
  void printsMemoryTrends() {
    String text =
        new BenchResults(
                1,
                1,
                Map.of("1.0", List.of(training(1))),
                Map.of("1.0", List.of(prediction(1))),
                new MemoryTrend("1.0", 100_000, 300, 330),
                new MemoryTrend("2.1", 1_000_000, 200, 201))
            .toText();

    assertThat(text.lines())
        .contains(
            "Stage 1.0 over 100,000 steps: 300 MB after the first tenth, 330 MB at the end (+10.0%)",
            "Stage 2.1 over 1,000,000 predictions: 200 MB after the first tenth, 201 MB at the end"
                + " (+0.5%)");
  }
}
