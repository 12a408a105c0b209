package mnist.data;

import static mnist.data.LabeledImages.CLASSES;
import static mnist.data.LabeledImages.SIDE;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/** Images and labels as tensors, which are allocated once and filled in place. */
public final class Batch implements AutoCloseable {
  private final int[] indices;
  private final TFloat32 images;
  private final TFloat32 labels;
  private final FloatDataBuffer imageMemory;
  private final FloatDataBuffer labelMemory;

  /** An unfilled batch of {@code size} images, 1 or more. */
  Batch(int size) {
    indices = new int[size];
    images = TFloat32.tensorOf(Shape.of(size, SIDE, SIDE, 1));
    labels = TFloat32.tensorOf(Shape.of(size, CLASSES));
    imageMemory = images.asRawTensor().data().asFloats();
    labelMemory = labels.asRawTensor().data().asFloats();
  }

  /** All images of a set in order, in batches of {@code size}; the last one may be smaller. */
  public static List<Batch> allOf(LabeledImages set, int size) {
    List<Batch> batches = new ArrayList<>();
    for (int from = 0; from < set.count(); from += size) {
      int count = Math.min(size, set.count() - from);
      Batch batch = new Batch(count);
      batch.fill(set, IntStream.range(from, from + count).toArray(), set.normalize(from, count));
      batches.add(batch);
    }
    return batches;
  }

  /**
   * Fills this batch.
   *
   * @param set the images that the batch is taken from
   * @param images their indices in the set
   * @param pixels their normalized pixels, size × 784
   */
  void fill(LabeledImages set, int[] images, float[] pixels) {
    System.arraycopy(images, 0, indices, 0, indices.length);
    imageMemory.write(pixels);
    for (int i = 0; i < indices.length; i++) {
      for (int c = 0; c < CLASSES; c++) {
        labelMemory.setFloat(c == set.labels()[indices[i]] ? 1 : 0, (long) i * CLASSES + c);
      }
    }
  }

  /** Number of images. */
  public int size() {
    return indices.length;
  }

  /** The index of each image in the set that it was taken from, from 0. */
  public int[] indices() {
    return indices.clone();
  }

  /** Pixel values 0..255/256, [size, 28, 28, 1]; closed with this batch. */
  public TFloat32 images() {
    return images;
  }

  /** Labels, one-hot, [size, 10]; closed with this batch. */
  public TFloat32 labels() {
    return labels;
  }

  @Override
  public void close() {
    images.close();
    labels.close();
  }
}
