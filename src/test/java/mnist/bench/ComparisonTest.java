package mnist.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mnist.bench.Comparison.Round;
import mnist.bench.Comparison.Values;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static Values values(double stepMillis) {
    return new Values(stepMillis, 2, 20, 400, 0.125, 0.25);
  }

  @Test
  void printsMediansAndRatiosOfPairedRounds() {
    Map<String, List<Round>> rounds = new LinkedHashMap<>();
    rounds.put(
        "2.1",
        List.of(
            new Round(values(1), values(2)),
            new Round(values(3), values(4)),
            new Round(values(2), values(1))));
    rounds.put("3.0", List.of(new Round(values(6), values(6))));

    String text = new Comparison(500, 10_000, rounds).toText();

    assertThat(
            text.lines()
                .filter(line -> !line.startsWith("|--"))
                .map(line -> line.replaceAll(" +[|]", " |")))
        .containsExactly(
            "Medians of 3 rounds: 501 steps, batches of 100 images; then 10,000 images one at a time",
            "",
            "| stage | | ms/step | first step s | total s | peak memory MB | one image ms | 99% below ms |",
            "| 2.1 | Java | 2.00 | 2.00 | 20.0 | 400 | 0.125 | 0.250 |",
            "| 2.1 | Python | 2.00 | 2.00 | 20.0 | 400 | 0.125 | 0.250 |",
            "| 2.1 | Java/Python | 0.75 (0.50-2.00) |" + " 1.00 (1.00-1.00) |".repeat(5),
            "| 3.0 | Java | 6.00 | 2.00 | 20.0 | 400 | 0.125 | 0.250 |",
            "| 3.0 | Python | 6.00 | 2.00 | 20.0 | 400 | 0.125 | 0.250 |",
            "| 3.0 | Java/Python |" + " 1.00 (1.00-1.00) |".repeat(6));
  }
}
