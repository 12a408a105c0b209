package mnist.data;

import static mnist.data.LabelledImages.CLASSES;
import static mnist.data.LabelledImages.SIDE;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/**
 * Images and labels as the network takes them. The tensors are allocated once; filling writes
 * straight into their memory.
 */
public final class Batch implements AutoCloseable {
  private final int[] indices;
  private final TFloat32 images;
  private final TFloat32 labels;
  private final FloatDataBuffer imageMemory;
  private final FloatDataBuffer labelMemory;

  /** An unfilled batch of so many images, 1 or more. */
  Batch(int size) {
    indices = new int[size];
    images = TFloat32.tensorOf(Shape.of(size, SIDE, SIDE, 1));
    labels = TFloat32.tensorOf(Shape.of(size, CLASSES));
    imageMemory = images.asRawTensor().data().asFloats();
    labelMemory = labels.asRawTensor().data().asFloats();
  }

  /**
   * All images of a set in its own order, in batches of {@code size} and a last one of the rest.
   */
  public static List<Batch> allOf(LabelledImages set, int size) {
    List<Batch> batches = new ArrayList<>();
    for (int from = 0; from < set.count(); from += size) {
      int images = Math.min(size, set.count() - from);
      Batch batch = new Batch(images);
      batch.fill(set, IntStream.range(from, from + images).toArray(), set.grey(from, images));
      batches.add(batch);
    }
    return batches;
  }

  /**
   * Writes images of a set into this batch, and their labels.
   *
   * @param images the number of each
   * @param grey their grey levels, size × 784
   */
  void fill(LabelledImages set, int[] images, float[] grey) {
    System.arraycopy(images, 0, indices, 0, indices.length);
    imageMemory.write(grey);
    for (int place = 0; place < indices.length; place++) {
      for (int c = 0; c < CLASSES; c++) {
        boolean right = c == set.labels()[indices[place]];
        labelMemory.setFloat(right ? 1 : 0, (long) place * CLASSES + c);
      }
    }
  }

  /** Number of images. */
  public int size() {
    return indices.length;
  }

  /** Which images these are: the number of each, from 0, in the set that they were taken from. */
  public int[] indices() {
    return indices.clone();
  }

  /** Grey levels 0..255/256, [size, 28, 28, 1]; closed with this batch. */
  public TFloat32 images() {
    return images;
  }

  /** The right answers, one-hot, [size, 10]; closed with this batch. */
  public TFloat32 labels() {
    return labels;
  }

  @Override
  public void close() {
    images.close();
    labels.close();
  }
}
