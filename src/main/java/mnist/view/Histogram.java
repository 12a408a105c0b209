package mnist.view;

import java.nio.FloatBuffer;
import org.tensorflow.proto.HistogramProto;

/** A histogram of a tensor's values as TensorBoard reads it. */
final class Histogram {
  /** Twice as many as TensorBoard draws, which rebins them so that all steps match. */
  static final int BUCKETS = 60;

  private Histogram() {}

  /**
   * Counts values in {@value #BUCKETS} buckets of equal width from the minimum to the maximum, or
   * in a single bucket if all are equal. NaN and infinities are ignored; if nothing else is left,
   * there are no buckets.
   */
  static HistogramProto of(FloatBuffer values) {
    double[] finite = new double[values.remaining()];
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int i = values.position(); i < values.limit(); i++) {
      double value = values.get(i);
      if (Double.isFinite(value)) {
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
        squares += value * value;
        finite[count++] = value;
      }
    }
    if (count == 0) {
      return HistogramProto.getDefaultInstance();
    }
    int[] buckets = new int[max > min ? BUCKETS : 1];
    double perUnit = max > min ? BUCKETS / (max - min) : 0;
    for (int i = 0; i < count; i++) {
      // The maximum itself belongs to the last bucket.
      buckets[Math.min(buckets.length - 1, (int) ((finite[i] - min) * perUnit))]++;
    }
    HistogramProto.Builder histogram =
        HistogramProto.newBuilder()
            .setMin(min)
            .setMax(max)
            .setNum(count)
            .setSum(sum)
            .setSumSquares(squares);
    for (int i = 0; i < buckets.length; i++) {
      boolean last = i == buckets.length - 1;
      histogram.addBucketLimit(last ? max : min + (max - min) * (i + 1) / buckets.length);
      histogram.addBucket(buckets[i]);
    }
    return histogram.build();
  }
}
