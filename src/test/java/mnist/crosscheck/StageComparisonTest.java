package mnist.crosscheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StageComparisonTest {
  private static final Difference EQUAL = new Difference(true, 0, 0);

  private static StageComparison comparison(
      Difference gradients, Difference loss, Optional<String> drift) {
    return new StageComparison(
        Optional.empty(), EQUAL, gradients, EQUAL, loss, EQUAL, EQUAL, drift, 1, 1);
  }

  private static Difference of(double difference) {
    return difference == 0 ? EQUAL : new Difference(false, difference, difference);
  }

  @ParameterizedTest
  @CsvSource({
    "0,    0,    true", // equal
    "1e-6, 1e-6, true", // one kernel differs in the last bit
    "0,    0.7,  false", // equal kernels must train equally
    "2e-5, 0.7,  true", // other kernels, whose differences training amplifies
    "1e-3, 0.7,  false", // too far apart for other kernels
  })
  void equalKernelsMustTrainEqually(double gradients, double loss, boolean within) {
    assertThat(comparison(of(gradients), of(loss), Optional.empty()).withinBounds())
        .isEqualTo(within);
  }

  @Test
  void otherKernelsHaveBoundsToo() {
    assertThat(comparison(of(2e-5), of(0.7), Optional.of("different loss")).withinBounds())
        .isFalse();
  }
}
