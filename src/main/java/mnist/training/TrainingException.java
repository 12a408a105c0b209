package mnist.training;

/** A training that cannot continue; the message is one line for the user. */
public final class TrainingException extends Exception {
  private static final long serialVersionUID = 1;

  private TrainingException(String message) {
    super(message);
  }

  /**
   * @throws TrainingException if one of the values is NaN
   */
  static void requireNumbers(String what, int iteration, float... values) throws TrainingException {
    for (float value : values) {
      if (Float.isNaN(value)) {
        throw new TrainingException(
            what
                + " is not a number (NaN) at step "
                + iteration
                + "; the training has diverged: try a smaller --learning-rate");
      }
    }
  }
}
