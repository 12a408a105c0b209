package mnist.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.types.TFloat32;

class BatchTest {
  /** Three images; pixel p of image i has the value (p + 100 i) mod 256. */
  private static final LabeledImages SET = set();

  private static LabeledImages set() {
    byte[] pixels = new byte[3 * 784];
    for (int i = 0; i < 3; i++) {
      for (int p = 0; p < 784; p++) {
        pixels[i * 784 + p] = (byte) (p + 100 * i);
      }
    }
    return new LabeledImages(pixels, new byte[] {0, 9, 4});
  }

  private static void assertImage(Batch batch, int place, int image) {
    for (int row = 0; row < 28; row++) {
      for (int column = 0; column < 28; column++) {
        int value = (row * 28 + column + 100 * image) % 256;
        assertThat(batch.images().getFloat(place, row, column, 0)).isEqualTo(value / 256f);
      }
    }
  }

  private static float[] label(Batch batch, int place) {
    float[] oneHot = new float[10];
    for (int c = 0; c < 10; c++) {
      oneHot[c] = batch.labels().getFloat(place, c);
    }
    return oneHot;
  }

  private static void fill(Batch batch, int... images) {
    float[] pixels = new float[784 * images.length];
    SET.normalize(images, pixels);
    batch.fill(SET, images, pixels);
  }

  @Test
  void splitsASetIntoBatchesInOrder() {
    List<Batch> batches = Batch.allOf(SET, 2);
    try {
      assertThat(batches).extracting(Batch::size).containsExactly(2, 1);
      assertThat(batches.get(0).indices()).containsExactly(0, 1);
      assertThat(batches.get(1).indices()).containsExactly(2);
      assertThat(batches.get(0).images().shape().asArray()).containsExactly(2, 28, 28, 1);
      assertThat(batches.get(0).labels().shape().asArray()).containsExactly(2, 10);
      assertImage(batches.get(0), 0, 0);
      assertImage(batches.get(0), 1, 1);
      assertImage(batches.get(1), 0, 2);
      assertThat(label(batches.get(0), 0)).containsExactly(1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      assertThat(label(batches.get(0), 1)).containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
      assertThat(label(batches.get(1), 0)).containsExactly(0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
    } finally {
      batches.forEach(Batch::close);
    }
  }

  @Test
  void refillsTheSameTensors() {
    try (Batch batch = new Batch(2)) {
      TFloat32 images = batch.images();
      TFloat32 labels = batch.labels();
      fill(batch, 1, 0);

      fill(batch, 0, 2);

      assertThat(batch.images()).isSameAs(images);
      assertThat(batch.labels()).isSameAs(labels);
      assertImage(batch, 0, 0);
      assertImage(batch, 1, 2);
      assertThat(label(batch, 0)).containsExactly(1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      assertThat(label(batch, 1)).containsExactly(0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
      assertThat(batch.indices()).containsExactly(0, 2);
    }
  }

  @Test
  void indicesAreACopy() {
    try (Batch batch = new Batch(1)) {
      fill(batch, 2);
      int[] before = batch.indices();

      fill(batch, 1);
      batch.indices()[0] = 7;

      assertThat(before).containsExactly(2);
      assertThat(batch.indices()).containsExactly(1);
    }
  }
}
