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
  void combinesAllValuesWithTheLastOptionVaryingFastest() {
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
  void onlyIntegersAreRanges() {
    assertThat(Grid.parse("--seed 1..3,7 --data ../a..b").values())
        .isEqualTo(Map.of("--seed", List.of("1", "2", "3", "7"), "--data", List.of("../a..b")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.1,0.2 | the grid contains \"0.1,0.2\", expected options with values, such as --seed 0..4",
        "--seed 0 1 | the grid contains \"1\", expected options with values, such as --seed 0..4",
        "'' | the grid contains \"\", expected options with values, such as --seed 0..4",
        "--seed 0 --seed 1 | the grid contains --seed twice",
        "--seed 1,2,1 | --seed 1,2,1 contains 1 twice, expected distinct values",
        "--seed 1,,2 | --seed 1,,2 contains an empty value, expected distinct values",
        "--seed 4..0 | --seed 4..0: expected first..last with at most 10,000 values",
        "--seed 0..10000 | --seed 0..10000: expected first..last with at most 10,000 values",
        "--seed 0..999 --iterations 0..10 | the grid has more than 10,000 combinations"
      })
  void rejectsInvalidGrids(String text, String reason) {
    assertThatThrownBy(() -> Grid.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(reason);
  }
}
