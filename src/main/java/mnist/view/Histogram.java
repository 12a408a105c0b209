package mnist.view;

import java.nio.FloatBuffer;
import org.tensorflow.proto.HistogramProto;

/** How often numbers of which size occur, in TensorBoard's form. */
final class Histogram {
  /** Twice as many as TensorBoard draws, which merges those of all moments anew. */
  static final int BUCKETS = 60;

  private Histogram() {}

  /**
   * {@value #BUCKETS} buckets of equal width from the smallest to the largest number; a single one
   * if they are equal. Numbers that are not finite are left out; without any other there are no
   * buckets.
   */
  static HistogramProto of(FloatBuffer numbers) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int i = numbers.position(); i < numbers.limit(); i++) {
      double number = numbers.get(i);
      if (Double.isFinite(number)) {
        least = Math.min(least, number);
        most = Math.max(most, number);
        sum += number;
        squares += number * number;
        count++;
      }
    }
    if (count == 0) {
      return HistogramProto.getDefaultInstance();
    }
    HistogramProto.Builder histogram =
        HistogramProto.newBuilder()
            .setMin(least)
            .setMax(most)
            .setNum(count)
            .setSum(sum)
            .setSumSquares(squares);
    int[] buckets = counted(numbers, least, most);
    for (int i = 0; i < buckets.length; i++) {
      boolean last = i == buckets.length - 1;
      histogram.addBucketLimit(last ? most : least + (most - least) * (i + 1) / buckets.length);
      histogram.addBucket(buckets[i]);
    }
    return histogram.build();
  }

  private static int[] counted(FloatBuffer numbers, double least, double most) {
    int[] buckets = new int[most > least ? BUCKETS : 1];
    double perUnit = most > least ? BUCKETS / (most - least) : 0;
    for (int i = numbers.position(); i < numbers.limit(); i++) {
      double number = numbers.get(i);
      if (Double.isFinite(number)) {
        // The largest number would be in the next one.
        buckets[Math.min(buckets.length - 1, (int) ((number - least) * perUnit))]++;
      }
    }
    return buckets;
  }
}
