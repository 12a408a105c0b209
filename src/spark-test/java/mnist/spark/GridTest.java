package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GridTest {
  @Test
  void everyCombinationTheLastOptionFastest() {
    Grid grid = Grid.parse("  --learning-rate 0.001,0.003 --seed=-1..1 --quiet ");

    assertThat(grid.varying()).containsExactly("--learning-rate", "--seed");
    List<Map<String, String>> combinations = grid.combinations();
    assertThat(combinations).hasSize(6);
    assertThat(combinations.get(1))
        .isEqualTo(Map.of("--learning-rate", "0.001", "--seed", "0", "--quiet", ""));
    assertThat(combinations)
        .extracting(one -> one.get("--learning-rate") + " " + one.get("--seed"))
        .containsExactly("0.001 -1", "0.001 0", "0.001 1", "0.003 -1", "0.003 0", "0.003 1");
  }

  @Test
  void onlyWholeNumbersAreRanges() {
    assertThat(Grid.parse("--seed 1..3,7 --data ../a..b").values())
        .isEqualTo(Map.of("--seed", List.of("1", "2", "3", "7"), "--data", List.of("../a..b")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.1,0.2 | the grid has \"0.1,0.2\", expected options with values, such as --seed 0..4",
        "--seed 0 1 | the grid has \"1\", expected options with values, such as --seed 0..4",
        "'' | the grid has \"\", expected options with values, such as --seed 0..4",
        "--seed 0 --seed 1 | the grid has --seed twice",
        "--seed 1,2,1 | --seed 1,2,1 has one twice, expected values that differ",
        "--seed 1,,2 | --seed 1,,2 has an empty value, expected values that differ",
        "--seed 4..0 | --seed 4..0: expected first..last with at most 10,000 values",
        "--seed 0..10000 | --seed 0..10000: expected first..last with at most 10,000 values",
        "--seed 0..999 --iterations 0..10 | the grid has more than 10,000 combinations"
      })
  void whatIsNoGridIsRefusedWithWhatWasFound(String text, String reason) {
    assertThatThrownBy(() -> Grid.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(reason);
  }
}
