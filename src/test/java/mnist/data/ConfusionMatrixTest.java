package mnist.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
  private final ConfusionMatrix confusion =
      ConfusionMatrix.of(new byte[] {3, 3, 3, 5}, new int[] {3, 3, 8, 5});

  @Test
  void rowsAreLabelsAndColumnsPredictions() {
    assertThat(confusion.counts()[3][3]).isEqualTo(2);
    assertThat(confusion.counts()[3][8]).isEqualTo(1);
    assertThat(confusion.counts()[8]).containsOnly(0);
    assertThat(confusion.correct()).isEqualTo(3);
  }

  @Test
  void accuracyIsPerLabel() {
    assertThat(confusion.accuracy(3)).isEqualTo(2 / 3.0);
    assertThat(confusion.accuracy(5)).isEqualTo(1);
    assertThat(confusion.accuracy(8)).isNaN();
  }

  @Test
  void textHasARowForEachClassWithItsAccuracy() {
    assertThat(confusion.toText(DataSet.DIGITS).lines())
        .hasSize(11)
        .anyMatch(line -> line.matches(" +3( +\\.){3} +2( +\\.){4} +1 +\\. +66\\.67%"));
  }
}
