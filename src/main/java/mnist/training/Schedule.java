package mnist.training;

/**
 * How long a training runs, and when it is measured.
 *
 * @param iterations the number of the last iteration, 0 to 1,000,000,000; they run from 0, so there
 *     is one step more
 * @param trainEvery the current batch is measured every so many iterations
 * @param testEvery the whole test set is measured every so many iterations
 * @param moreTestsAtStart whether, before iteration {@code testEvery}, the test set is measured as
 *     often as the batch
 */
public record Schedule(int iterations, int trainEvery, int testEvery, boolean moreTestsAtStart) {
  public static final int MAX_ITERATIONS = 1_000_000_000;

  /**
   * @throws IllegalArgumentException if {@code iterations} is out of range
   */
  public Schedule {
    if (iterations < 0 || iterations > MAX_ITERATIONS) {
      throw new IllegalArgumentException(
          "iterations must be 0 to " + MAX_ITERATIONS + ", found " + iterations);
    }
  }

  /** Up to this iteration, measuring the batch and the test set at each. */
  public static Schedule upTo(int iterations) {
    return new Schedule(iterations, 1, 1, false);
  }

  /** This schedule with other intervals between measurements. */
  public Schedule measuring(int trainEvery, int testEvery) {
    return new Schedule(iterations, trainEvery, testEvery, moreTestsAtStart);
  }

  /** This schedule with the test set measured as often as the batch at the start. */
  public Schedule withMoreTestsAtStart() {
    return new Schedule(iterations, trainEvery, testEvery, true);
  }

  /** This schedule up to another last iteration. */
  public Schedule withIterations(int last) {
    return new Schedule(last, trainEvery, testEvery, moreTestsAtStart);
  }

  /** Whether the current batch is measured before the step of this iteration. */
  public boolean measuresTraining(int iteration) {
    return iteration % trainEvery == 0;
  }

  /** Whether the test set is measured before the step of this iteration. */
  public boolean measuresTest(int iteration) {
    return iteration % testEvery == 0
        || moreTestsAtStart && iteration < testEvery && measuresTraining(iteration);
  }
}
