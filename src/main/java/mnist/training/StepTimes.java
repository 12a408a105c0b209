package mnist.training;

import java.util.Arrays;

/** The durations of the training steps; of very many steps, only the last million. */
final class StepTimes {
  private static final int CAPACITY = 1_000_000;

  private final long[] nanos;
  private long steps;

  StepTimes(int iterations) {
    nanos = new long[Math.min(CAPACITY, iterations) + 1];
  }

  void add(long stepNanos) {
    nanos[(int) (steps++ % nanos.length)] = stepNanos;
  }

  /** The median in milliseconds; NaN if there were no steps. */
  double medianMillis() {
    long[] sorted = Arrays.copyOf(nanos, (int) Math.min(steps, nanos.length));
    Arrays.sort(sorted);
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2] / 1e6;
  }
}
