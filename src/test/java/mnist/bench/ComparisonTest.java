package mnist.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mnist.bench.Comparison.Figures;
import mnist.bench.Comparison.Round;
import org.junit.jupiter.api.Test;

/** The table for people. */
class ComparisonTest {
  private static Figures figures(double stepMillis) {
    return new Figures(stepMillis, 2, 20, 400, 0.125, 0.25);
  }

  @Test
  void showsMediansAndTheRatiosOfRoundsTakenTogether() {
    Map<String, List<Round>> rounds = new LinkedHashMap<>();
    rounds.put(
        "2.1",
        List.of(
            new Round(figures(1), figures(2)),
            new Round(figures(3), figures(4)),
            new Round(figures(2), figures(1))));
    rounds.put("3.0", List.of(new Round(figures(6), figures(6))));

    String text = new Comparison(500, 10_000, rounds).toText();

    assertThat(text.lines().map(line -> line.replaceAll(" {2,}", "  ")))
        .containsExactly(
            "Medians of 3 rounds: 501 steps, batches of 100 images; then 10,000 images one at a time",
            "",
            "stage  ms/step  first step s  whole s  peak memory MB  one image ms  99% below ms",
            "2.1  2.00  2.00  20.0  400  0.125  0.250",
            "2.1/Python  0.75 (0.50-2.00)" + "  1.00 (1.00-1.00)".repeat(5),
            "2.1 Python  2.00  2.00  20.0  400  0.125  0.250",
            "3.0  6.00  2.00  20.0  400  0.125  0.250",
            "3.0/Python" + "  1.00 (1.00-1.00)".repeat(6),
            "3.0 Python  6.00  2.00  20.0  400  0.125  0.250");
  }
}
