package mnist.data.sources;

import static java.util.Arrays.copyOfRange;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import mnist.data.LabeledImages;
import org.junit.jupiter.api.Test;

class SyntheticDigitsTest {
  private static final int COUNT = 5_000;
  private static final LabeledImages MANY = SyntheticDigits.draw(0, COUNT);

  private static byte[] image(int index) {
    return copyOfRange(MANY.pixels(), index * 784, (index + 1) * 784);
  }

  @Test
  void digitsAreAlwaysTheSame() {
    assertThat(copyOfRange(MANY.labels(), 0, 20))
        .containsExactly(3, 5, 9, 2, 4, 7, 0, 4, 3, 6, 7, 2, 4, 8, 8, 9, 0, 3, 5, 0);
  }

  @Test
  void anImageDoesNotDependOnTheSliceItIsDrawnIn() {
    LabeledImages slice = SyntheticDigits.draw(1_234, 50);
    LabeledImages one = SyntheticDigits.draw(1_250, 1);

    assertThat(slice.pixels()).isEqualTo(copyOfRange(MANY.pixels(), 1_234 * 784, 1_284 * 784));
    assertThat(slice.labels()).isEqualTo(copyOfRange(MANY.labels(), 1_234, 1_284));
    assertThat(one.pixels()).isEqualTo(image(1_250));
  }

  @Test
  void imagesAreDistinct() {
    List<ByteBuffer> images =
        IntStream.range(0, COUNT).mapToObj(i -> ByteBuffer.wrap(image(i))).toList();

    assertThat(images).doesNotHaveDuplicates();
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
  void imagesAreNeitherBlankNorFilledAndCentered() {
    for (int i = 0; i < COUNT; i++) {
      int bright = 0;
      double mass = 0;
      double x = 0;
      double y = 0;
      byte[] image = image(i);
      for (int pixel = 0; pixel < 784; pixel++) {
        int value = Byte.toUnsignedInt(image[pixel]);
        bright += value >= 100 ? 1 : 0;
        mass += value;
        x += value * (pixel % 28 - 13.5);
        y += value * (pixel / 28 - 13.5);
      }
      assertThat(bright).as("bright pixels of image %d", i).isBetween(10, 300);
      assertThat(Math.hypot(x / mass, y / mass))
          .as("distance of image %d from the center", i)
          .isLessThan(2.5);
    }
  }
}
