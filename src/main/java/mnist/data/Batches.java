package mnist.data;

import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

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
  private final ExecutorService aside = Executors.newSingleThreadExecutor(Batches::thread);
  private int next;

  // Of the batch that comes next, once that is ready.
  private final int[] images;
  private final float[] grey;
  private Optional<CompletableFuture<Void>> ready = Optional.empty();

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
    images = new int[size];
    grey = new float[size * LabelledImages.PIXELS];
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "next batch");
    thread.setDaemon(true);
    return thread;
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
    ready.ifPresent(CompletableFuture::join);
    ready = Optional.empty();
    next = batches % (order.length / batch.size()) * batch.size();
  }

  /** Fills the batch with the next images. */
  public Batch next() {
    ready.ifPresentOrElse(CompletableFuture::join, this::makeReady);
    batch.fill(set, images, grey);
    ready = Optional.of(CompletableFuture.runAsync(this::makeReady, aside));
    return batch;
  }

  private void makeReady() {
    if (next + batch.size() > order.length) {
      next = 0;
    }
    System.arraycopy(order, next, images, 0, images.length);
    set.grey(images, grey);
    next += batch.size();
  }

  @Override
  public void close() {
    aside.shutdown();
    batch.close();
  }
}
