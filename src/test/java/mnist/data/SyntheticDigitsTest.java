package mnist.data;

import static java.util.Arrays.copyOfRange;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SyntheticDigitsTest {
  private static final LabelledImages MANY = SyntheticDigits.draw(0, 0, 5_000);

  private static byte[] image(LabelledImages set, int index) {
    return copyOfRange(set.pixels(), index * 784, (index + 1) * 784);
  }

  @Test
  void theSameSeedGivesTheSameImages() {
    LabelledImages again = SyntheticDigits.draw(0, 0, 500);

    assertThat(again.count()).isEqualTo(500);
    assertThat(again.pixels()).isEqualTo(copyOfRange(MANY.pixels(), 0, 500 * 784));
    assertThat(again.labels()).isEqualTo(copyOfRange(MANY.labels(), 0, 500));
  }

  @Test
  void anotherSeedGivesOtherImages() {
    LabelledImages other = SyntheticDigits.draw(1, 0, 500);

    assertThat(IntStream.range(0, 500)).noneMatch(i -> sameImage(other, i, MANY, i));
    assertThat(other.labels()).isNotEqualTo(copyOfRange(MANY.labels(), 0, 500));
  }

  @Test
  void noTwoImagesOfASeedAreTheSame() {
    List<String> hashes =
        IntStream.range(0, MANY.count()).mapToObj(i -> SmallSet.sha256(image(MANY, i))).toList();

    assertThat(hashes).doesNotHaveDuplicates();
  }

  private static boolean sameImage(LabelledImages a, int i, LabelledImages b, int j) {
    return Arrays.equals(image(a, i), image(b, j));
  }

  @Test
  void anImageDoesNotDependOnTheSliceItIsDrawnIn() {
    LabelledImages slice = SyntheticDigits.draw(0, 1_234, 50);
    LabelledImages one = SyntheticDigits.draw(0, 1_250, 1);

    assertThat(slice.pixels()).isEqualTo(copyOfRange(MANY.pixels(), 1_234 * 784, 1_284 * 784));
    assertThat(slice.labels()).isEqualTo(copyOfRange(MANY.labels(), 1_234, 1_284));
    assertThat(one.pixels()).isEqualTo(image(MANY, 1_250));
  }

  @Test
  void eachDigitIsAboutATenthOfAll() {
    int[] counts = new int[10];
    for (byte label : MANY.labels()) {
      counts[label]++;
    }

    assertThat(IntStream.of(counts).boxed()).allSatisfy(n -> assertThat(n).isBetween(400, 600));
  }

  @Test
  void noImageIsBlankOrFilled() {
    for (int i = 0; i < MANY.count(); i++) {
      int bright = 0;
      for (byte pixel : image(MANY, i)) {
        bright += Byte.toUnsignedInt(pixel) >= 100 ? 1 : 0;
      }
      assertThat(bright).as("bright pixels of image %d", i).isBetween(10, 300);
    }
  }

  @Test
  void theCentreOfMassIsNearTheMiddleOfEveryImage() {
    for (int i = 0; i < MANY.count(); i++) {
      double mass = 0;
      double x = 0;
      double y = 0;
      byte[] image = image(MANY, i);
      for (int row = 0; row < 28; row++) {
        for (int column = 0; column < 28; column++) {
          int grey = Byte.toUnsignedInt(image[row * 28 + column]);
          mass += grey;
          x += grey * (column - 13.5);
          y += grey * (row - 13.5);
        }
      }
      assertThat(Math.hypot(x / mass, y / mass))
          .as("distance of image %d from the middle", i)
          .isLessThan(2.5);
    }
  }
}
