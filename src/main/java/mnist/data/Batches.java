package mnist.data;

import java.util.Random;

/**
 * A set's images in one random order, batch after batch. A tail shorter than a batch is skipped,
 * and the same order begins again.
 *
 * <p>The order is Fisher–Yates with {@code java.util.Random(seed)}: the numbers 0..count−1 stand in
 * a row, and from i = count − 1 down to 1 number i changes places with number {@code nextInt(i +
 * 1)}.
 */
public final class Batches implements AutoCloseable {
  private final LabelledImages set;
  private final int[] order;
  private final Batch batch;
  private int next;

  /**
   * @param size images per batch, 1 to the number of images
   * @param seed of the order
   * @throws DataException if the set has fewer images than a batch
   */
  public Batches(LabelledImages set, int size, long seed) throws DataException {
    if (size < 1 || size > set.count()) {
      throw new DataException(
          "batch size must be between 1 and %d, the number of training images, found %d"
              .formatted(set.count(), size));
    }
    this.set = set;
    order = order(set.count(), seed);
    batch = new Batch(size);
  }

  /** The numbers 0..count−1 in the order of a seed. */
  static int[] order(int count, long seed) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[i] = i;
    }
    Random random = new Random(seed);
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  /** The batch that {@link #next} fills, the same one each time. */
  public Batch batch() {
    return batch;
  }

  /** Goes on as if so many batches had been taken since the beginning. */
  public void skip(int batches) {
    next = batches % (order.length / batch.size()) * batch.size();
  }

  /** Fills the batch with the next images. */
  public Batch next() {
    if (next + batch.size() > order.length) {
      next = 0;
    }
    for (int place = 0; place < batch.size(); place++) {
      batch.put(place, set, order[next + place]);
    }
    next += batch.size();
    return batch;
  }

  @Override
  public void close() {
    batch.close();
  }
}
