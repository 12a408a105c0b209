package mnist.view;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import mnist.runs.ViewRecord;

/**
 * How numbers spread: the 8 boundaries that part them, sorted, into 7 equal shares. The tutorial
 * draws them over time as nested bands.
 */
final class Quantiles {
  private static final int BOUNDARIES = ViewRecord.QUANTILES;

  /** So many of the numbers, evenly picked, say where the inner boundaries are. */
  private static final int SAMPLE = 2048;

  private Quantiles() {}

  /**
   * The boundaries, in ascending order. The outer ones are exact, the inner ones of a sample.
   *
   * @param parts numbers, none of them empty
   */
  static float[] of(List<FloatBuffer> parts) {
    int count = parts.stream().mapToInt(FloatBuffer::remaining).sum();
    int stride = Math.max(1, count / SAMPLE);
    float[] sample = new float[(count + stride - 1) / stride];
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    int sampled = 0;
    int skip = 0;
    for (FloatBuffer part : parts) {
      for (int i = part.position(); i < part.limit(); i++) {
        float number = part.get(i);
        least = number < least ? number : least;
        most = number > most ? number : most;
        if (skip == 0) {
          sample[sampled++] = number;
          skip = stride;
        }
        skip--;
      }
    }
    Arrays.sort(sample);
    float[] boundaries = new float[BOUNDARIES];
    for (int i = 1; i < BOUNDARIES - 1; i++) {
      boundaries[i] = sample[i * (sample.length - 1) / (BOUNDARIES - 1)];
    }
    boundaries[0] = least;
    boundaries[BOUNDARIES - 1] = most;
    return boundaries;
  }
}
