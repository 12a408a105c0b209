package mnist.training;

import java.util.Optional;
import mnist.data.ConfusionMatrix;
import mnist.nn.Weights;

/**
 * What a training came to.
 *
 * @param status how it ended
 * @param steps how many steps were made
 * @param best when the test set was recognised best
 * @param last the last test measurement
 * @param finalWeights those after the last step, a step later than the last measurement at best
 * @param medianStepMillis half of the steps took at most so long
 * @param seconds the whole training, measurements included
 */
public record TrainingResult(
    Status status,
    int steps,
    Optional<Best> best,
    Optional<Measurement> last,
    Weights finalWeights,
    double medianStepMillis,
    double seconds) {

  /** How a training ends. */
  public enum Status {
    /** After its last iteration. */
    COMPLETED,
    /** It was asked to stop. */
    INTERRUPTED
  }

  /**
   * The best moment of a training.
   *
   * @param measurement the test measurement with the highest accuracy, the first of several
   * @param weights those that it measured
   * @param confusion what was taken for what in it
   */
  public record Best(Measurement measurement, Weights weights, ConfusionMatrix confusion) {}
}
