package mnist.view;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import mnist.runs.ViewRecordFormat;

/**
 * The distribution of a tensor's values: 8 quantiles that divide them into 7 equal parts. The
 * tutorial plots them over time as nested bands.
 */
final class Quantiles {
  /** The inner quantiles are those of about this many evenly spaced values. */
  private static final int SAMPLE = 2048;

  private Quantiles() {}

  /**
   * The quantiles in ascending order. The minimum and the maximum are exact, those between are
   * those of a sample.
   *
   * @param parts the values, at least one
   */
  static float[] of(List<FloatBuffer> parts) {
    int count = parts.stream().mapToInt(FloatBuffer::remaining).sum();
    int stride = Math.max(1, count / SAMPLE);
    float[] sample = new float[(count + stride - 1) / stride];
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    int index = 0;
    int sampled = 0;
    for (FloatBuffer part : parts) {
      for (int i = part.position(); i < part.limit(); i++) {
        float value = part.get(i);
        min = value < min ? value : min;
        max = value > max ? value : max;
        if (index++ == sampled * stride) {
          sample[sampled++] = value;
        }
      }
    }
    Arrays.sort(sample);
    float[] quantiles = new float[ViewRecordFormat.QUANTILES];
    int last = quantiles.length - 1;
    for (int i = 1; i < last; i++) {
      quantiles[i] = sample[i * (sample.length - 1) / last];
    }
    quantiles[0] = min;
    quantiles[last] = max;
    return quantiles;
  }
}
