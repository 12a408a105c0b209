package mnist.training;

import java.util.Arrays;

/** How long the steps took; of very many, the last million. */
final class StepTimes {
  private static final int MOST = 1_000_000;

  private final long[] nanos;
  private long steps;

  StepTimes(int iterations) {
    nanos = new long[Math.min(MOST, iterations) + 1];
  }

  void add(long stepNanos) {
    nanos[(int) (steps++ % nanos.length)] = stepNanos;
  }

  /** Half of the steps took at most so long; NaN if there were none. */
  double medianMillis() {
    long[] sorted = Arrays.copyOf(nanos, (int) Math.min(steps, nanos.length));
    Arrays.sort(sorted);
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2] / 1e6;
  }
}
