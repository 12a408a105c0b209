package mnist.training;

import java.util.Optional;
import mnist.data.ConfusionMatrix;
import mnist.nn.Weights;

/**
 * The result of a training.
 *
 * @param status how it ended
 * @param steps how many training steps were made
 * @param best the test measurement with the highest accuracy; empty before the first measurement
 * @param last the last test measurement
 * @param finalWeights the weights after the last step; the last measurement may precede that step
 * @param medianStepMillis the median duration of a step, in milliseconds
 * @param seconds the duration of the whole training, measurements included
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
    /** It reached its last iteration. */
    COMPLETED,
    /** It was stopped before. */
    INTERRUPTED
  }

  /**
   * The best moment of a training.
   *
   * @param measurement the test measurement with the highest accuracy, the first of several
   * @param weights the weights at that moment
   * @param confusion the confusion matrix of that measurement
   */
  public record Best(Measurement measurement, Weights weights, ConfusionMatrix confusion) {}
}
