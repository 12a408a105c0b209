package mnist.training;

/**
 * How long a training goes on, and when it is measured.
 *
 * @param iterations the number of the last iteration, 0 to 1,000,000,000; they run from 0, so there
 *     is one more
 * @param trainEvery accuracy and loss of the present batch are measured every so many iterations
 * @param testEvery those of the whole test set are measured every so many iterations
 * @param moreTestsAtStart whether, before iteration {@code testEvery}, the test set is measured as
 *     often as the batch
 */
public record Schedule(int iterations, int trainEvery, int testEvery, boolean moreTestsAtStart) {
  private static final int MOST_ITERATIONS = 1_000_000_000;

  /**
   * @throws IllegalArgumentException if the iterations are out of their range
   */
  public Schedule {
    if (iterations < 0 || iterations > MOST_ITERATIONS) {
      throw new IllegalArgumentException(
          "iterations must be 0 to " + MOST_ITERATIONS + ", found " + iterations);
    }
  }

  /** Up to this iteration, measuring both at every one. */
  public static Schedule upTo(int iterations) {
    return new Schedule(iterations, 1, 1, false);
  }

  /** The same, with the batch and the test set measured every so many iterations. */
  public Schedule measuring(int trainEvery, int testEvery) {
    return new Schedule(iterations, trainEvery, testEvery, moreTestsAtStart);
  }

  /** The same, with the test set measured as often as the batch at the start. */
  public Schedule withMoreTestsAtStart() {
    return new Schedule(iterations, trainEvery, testEvery, true);
  }

  /** The same, up to another last iteration. */
  public Schedule withIterations(int last) {
    return new Schedule(last, trainEvery, testEvery, moreTestsAtStart);
  }

  /** Whether the present batch is measured before the step of this iteration. */
  public boolean measuresTraining(int iteration) {
    return iteration % trainEvery == 0;
  }

  /** Whether the test set is measured before the step of this iteration. */
  public boolean measuresTest(int iteration) {
    return iteration % testEvery == 0
        || moreTestsAtStart && iteration < testEvery && measuresTraining(iteration);
  }
}
