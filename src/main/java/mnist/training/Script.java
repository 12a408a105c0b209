package mnist.training;

/**
 * What a script of the tutorial fixes beside its network.
 *
 * @param name the script's number, such as "3.0"
 * @param title the network in a few words
 * @param iterations the number of the last iteration; they run from 0, so there is one more
 * @param trainEvery accuracy and loss of the present batch are measured every so many iterations
 * @param testEvery those of the whole test set are measured every so many iterations
 * @param moreTestsAtStart whether, before iteration {@code testEvery}, the test set is measured as
 *     often as the batch
 * @param reportedAccuracy the best test accuracy that the tutorial reports, 0..1
 */
public record Script(
    String name,
    String title,
    int iterations,
    int trainEvery,
    int testEvery,
    boolean moreTestsAtStart,
    double reportedAccuracy) {

  /** A script that does not measure the test set more often at the start. */
  public Script(
      String name,
      String title,
      int iterations,
      int trainEvery,
      int testEvery,
      double reportedAccuracy) {
    this(name, title, iterations, trainEvery, testEvery, false, reportedAccuracy);
  }

  /** The same script, with the test set measured as often as the batch at the start. */
  public Script withMoreTestsAtStart() {
    return new Script(name, title, iterations, trainEvery, testEvery, true, reportedAccuracy);
  }

  /** The same script, up to another last iteration. */
  public Script withIterations(int last) {
    return new Script(name, title, last, trainEvery, testEvery, moreTestsAtStart, reportedAccuracy);
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
