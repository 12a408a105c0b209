package mnist.data;

import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The shuffled images of a set, batch after batch. An incomplete last batch is skipped, and the
 * same order starts again.
 *
 * <p>The order is a Fisher–Yates shuffle of 0..count−1 with {@code java.util.Random(seed)}: from i
 * = count − 1 down to 1, element i is swapped with element {@code nextInt(i + 1)}.
 */
public final class Batches implements AutoCloseable {
  private final LabeledImages set;
  private final int[] order;
  private final Batch batch;
  private final ExecutorService background = Executors.newSingleThreadExecutor(Batches::thread);
  private int next;

  // The next batch, prepared in the background while the current one is trained on.
  private final int[] images;
  private final float[] pixels;
  private Optional<CompletableFuture<Void>> prepared = Optional.empty();

  /**
   * @param size images per batch, 1 to the number of images
   * @param seed of the order
   * @throws DataException if the set has fewer images than a batch needs
   */
  public Batches(LabeledImages set, int size, long seed) throws DataException {
    if (size < 1 || size > set.count()) {
      throw new DataException(
          "batch size must be between 1 and %d, the number of training images, found %d"
              .formatted(set.count(), size));
    }
    this.set = set;
    order = order(set.count(), seed);
    batch = new Batch(size);
    images = new int[size];
    pixels = new float[size * LabeledImages.PIXELS];
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "next batch");
    thread.setDaemon(true);
    return thread;
  }

  /** The numbers 0..count−1, shuffled. */
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

  /** Continues as after {@code batches} batches from the start. */
  public void skip(int batches) {
    prepared.ifPresent(CompletableFuture::join);
    prepared = Optional.empty();
    next = batches % (order.length / batch.size()) * batch.size();
  }

  /** Fills the batch with the next images. */
  public Batch next() {
    prepared.ifPresentOrElse(CompletableFuture::join, this::prepare);
    batch.fill(set, images, pixels);
    prepared = Optional.of(CompletableFuture.runAsync(this::prepare, background));
    return batch;
  }

  private void prepare() {
    if (next + batch.size() > order.length) {
      next = 0;
    }
    System.arraycopy(order, next, images, 0, images.length);
    set.normalize(images, pixels);
    next += batch.size();
  }

  @Override
  public void close() {
    background.shutdown();
    batch.close();
  }
}
