package mnist.bench;

import java.io.IOException;
import java.nio.file.Path;
import mnist.data.LabeledImages;
import mnist.model.Model;
import mnist.platform.NativeEnvironment;
import mnist.platform.ProcessMemory;
import org.HdrHistogram.Histogram;

/**
 * Measurements of predictions in a new process.
 *
 * @param loadMillis time to load the model, with TensorFlow already loaded
 * @param medianMillis median time to classify one image
 * @param p99Millis 99th percentile of it
 * @param imagesPerSecondBy1 one image at a time
 * @param imagesPerSecondBy100 100 images at a time
 * @param imagesPerSecondBy10000 10,000 images at a time
 * @param earlyMegabytes memory in RAM after a tenth of the images
 * @param lateMegabytes memory in RAM after the last image
 */
public record PredictionRound(
    double loadMillis,
    double medianMillis,
    double p99Millis,
    double imagesPerSecondBy1,
    double imagesPerSecondBy100,
    double imagesPerSecondBy10000,
    double earlyMegabytes,
    double lateMegabytes) {
  private static final int WARM_UP = 2_000;
  private static final long MAX_NANOS = 100_000_000_000L;

  /**
   * Loads a model in this process and classifies images, one at a time and then in batches.
   *
   * @param images at least 10,000
   * @param predictions number of single-image predictions
   */
  public static PredictionRound measure(Path folder, LabeledImages images, int predictions)
      throws IOException {
    NativeEnvironment.load(true);
    long start = System.nanoTime();
    try (Model model = Model.load(folder)) {
      double loadMillis = (System.nanoTime() - start) / 1e6;
      time(model, images, 1, WARM_UP);
      int early = predictions / 10;
      Histogram nanos = time(model, images, 1, early);
      double earlyMegabytes = ProcessMemory.resident();
      nanos.add(time(model, images, 1, predictions - early));
      double lateMegabytes = ProcessMemory.resident();
      return new PredictionRound(
          loadMillis,
          nanos.getValueAtPercentile(50) / 1e6,
          nanos.getValueAtPercentile(99) / 1e6,
          1e9 / nanos.getMean(),
          imagesPerSecond(model, images, 100, 200),
          imagesPerSecond(model, images, 10_000, 7),
          earlyMegabytes,
          lateMegabytes);
    }
  }

  private static double imagesPerSecond(
      Model model, LabeledImages images, int batch, int repetitions) {
    time(model, images, batch, 1); // the first of this size is slower
    return batch * 1e9 / time(model, images, batch, repetitions).getValueAtPercentile(50);
  }

  private static Histogram time(Model model, LabeledImages images, int batch, int repetitions) {
    Histogram nanos = new Histogram(MAX_NANOS, 3);
    for (int i = 0; i < repetitions; i++) {
      float[] pixels = images.normalize(i * batch % images.count(), batch);
      long start = System.nanoTime();
      model.probabilities(pixels);
      nanos.recordValue(System.nanoTime() - start);
    }
    return nanos;
  }
}
