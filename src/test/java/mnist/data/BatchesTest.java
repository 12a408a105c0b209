package mnist.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchesTest {
  /** Seven images; all pixels of image i are 10 i, its label is i. */
  private static final LabeledImages SET = set();

  private static LabeledImages set() {
    byte[] pixels = new byte[7 * 784];
    byte[] labels = new byte[7];
    for (int i = 0; i < 7; i++) {
      Arrays.fill(pixels, i * 784, (i + 1) * 784, (byte) (10 * i));
      labels[i] = (byte) i;
    }
    return new LabeledImages(pixels, labels);
  }

  /** Which images a batch holds; its pixels and labels must be theirs. */
  private static List<Integer> imagesIn(Batch batch) {
    List<Integer> images = IntStream.of(batch.indices()).boxed().toList();
    for (int place = 0; place < batch.size(); place++) {
      int image = images.get(place);
      assertThat(batch.images().getFloat(place, 13, 13, 0)).isEqualTo(10 * image / 256f);
      assertThat(batch.labels().getFloat(place, image)).isEqualTo(1);
    }
    return images;
  }

  // ---- The order

  @Test
  void orderIsAFisherYatesShuffle() {
    // With seed 0 java.util.Random draws, for 7 down to 2, 5 4 4 2 2 0.
    assertThat(Batches.order(7, 0)).containsExactly(1, 0, 3, 2, 6, 4, 5);
  }

  @Test
  void orderEqualsCollectionsShuffle() {
    List<Integer> shuffled = new ArrayList<>(IntStream.range(0, 1_000).boxed().toList());
    Collections.shuffle(shuffled, new Random(42));

    assertThat(Batches.order(1_000, 42))
        .containsExactly(shuffled.stream().mapToInt(Integer::intValue).toArray());
  }

  // ---- The batches

  @Test
  void repeatsTheOrderWithoutTheIncompleteBatch() throws IOException {
    List<Integer> order = IntStream.of(Batches.order(7, 5)).boxed().toList();
    try (Batches batches = new Batches(SET, 3, 5)) {
      for (int round = 0; round < 3; round++) {
        assertThat(imagesIn(batches.next())).isEqualTo(order.subList(0, 3));
        assertThat(imagesIn(batches.next())).isEqualTo(order.subList(3, 6));
      }
    }
  }

  @Test
  void refillsTheSameBatch() throws IOException {
    List<Integer> order = IntStream.of(Batches.order(7, 5)).boxed().toList();
    try (Batches batches = new Batches(SET, 7, 5)) {
      Batch first = batches.next();
      assertThat(imagesIn(first)).isEqualTo(order);
      assertThat(batches.next()).isSameAs(first).isSameAs(batches.batch());
      assertThat(imagesIn(first)).isEqualTo(order);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void rejectsBatchSizesOutOfRange(int size) {
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> new Batches(SET, size, 0))
        .withMessageContainingAll(
            "batch size must be between 1 and 7", "training images", "found " + size);
  }
}
