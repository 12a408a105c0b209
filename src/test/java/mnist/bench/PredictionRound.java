package mnist.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import mnist.data.LabeledImages;
import mnist.model.Model;
import mnist.platform.NativeEnvironment;
import mnist.platform.ProcessMemory;

/**
 * What predicting in a fresh process came to.
 *
 * @param loadMillis time to load the model, TensorFlow's library being loaded already
 * @param medianMillis half of the images, one at a time, took at most so long
 * @param slowestHundredthMillis 99 of 100 images, one at a time, took at most so long
 * @param imagesPerSecondBy1 asked about one image at a time
 * @param imagesPerSecondBy100 asked about 100 at a time
 * @param imagesPerSecondBy10000 asked about 10,000 at a time
 * @param earlyMegabytes memory in RAM after a tenth of the images
 * @param lateMegabytes memory in RAM after the last, NaN where the system does not say
 */
public record PredictionRound(
    double loadMillis,
    double medianMillis,
    double slowestHundredthMillis,
    double imagesPerSecondBy1,
    double imagesPerSecondBy100,
    double imagesPerSecondBy10000,
    double earlyMegabytes,
    double lateMegabytes) {
  private static final int WARM_UP = 2_000;

  /**
   * Loads a model in this process and asks it about images, one at a time and then in batches.
   *
   * @param images 10,000 or more
   * @param predictions how many times it is asked about one image
   */
  public static PredictionRound measure(Path folder, LabeledImages images, int predictions)
      throws IOException {
    NativeEnvironment.load(true);
    long began = System.nanoTime();
    try (Model model = Model.load(folder)) {
      double loadMillis = (System.nanoTime() - began) / 1e6;

      oneByOne(model, images, new long[WARM_UP]);
      long[] nanos = new long[predictions];
      double[] megabytes = oneByOne(model, images, nanos);
      double bySingle = 1e9 * predictions / Arrays.stream(nanos).sum();
      Arrays.sort(nanos);
      return new PredictionRound(
          loadMillis,
          nanos[predictions / 2] / 1e6,
          nanos[(int) (predictions * 0.99)] / 1e6,
          bySingle,
          imagesPerSecond(model, images, 100, 200),
          imagesPerSecond(model, images, 10_000, 7),
          megabytes[0],
          megabytes[1]);
    }
  }

  /** Notes the time of each; gives the memory after a tenth of them and after the last. */
  private static double[] oneByOne(Model model, LabeledImages images, long[] nanos) {
    double[] megabytes = new double[2];
    for (int i = 0; i < nanos.length; i++) {
      float[] image = images.normalize(i % images.count(), 1);
      long began = System.nanoTime();
      model.probabilities(image);
      nanos[i] = System.nanoTime() - began;
      if (i == nanos.length / 10) {
        megabytes[0] = ProcessMemory.resident();
      }
    }
    megabytes[1] = ProcessMemory.resident();
    return megabytes;
  }

  /** Of the median of several times. */
  private static double imagesPerSecond(
      Model model, LabeledImages images, int batch, int repetitions) {
    float[] pixels = images.normalize(0, batch);
    model.probabilities(pixels); // the first of this size
    long[] nanos = new long[repetitions];
    for (int i = 0; i < repetitions; i++) {
      long began = System.nanoTime();
      model.probabilities(pixels);
      nanos[i] = System.nanoTime() - began;
    }
    Arrays.sort(nanos);
    return batch * 1e9 / nanos[repetitions / 2];
  }
}
