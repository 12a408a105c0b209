package mnist.training;

import java.util.Optional;

/**
 * What a training came to.
 *
 * @param ending how it ended
 * @param steps how many steps were made
 * @param best the test measurement with the highest accuracy, the first of several
 * @param last the last test measurement
 * @param confusion the test set under the final weights
 * @param medianStepMillis half of the steps took at most so long
 * @param seconds the whole training, measurements included
 * @param weightsSha256 of the final weights: the variables in the chapter's order, each row-major
 *     as little-endian float32
 */
public record Outcome(
    Ending ending,
    int steps,
    Optional<Measurement> best,
    Optional<Measurement> last,
    ConfusionMatrix confusion,
    double medianStepMillis,
    double seconds,
    String weightsSha256) {

  /** How a training ends. */
  public enum Ending {
    /** After its last iteration. */
    COMPLETED,
    /** It was asked to stop. */
    INTERRUPTED
  }
}
