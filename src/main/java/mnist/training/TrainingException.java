package mnist.training;

/** A training that cannot go on; the message is one line for whoever started it. */
public final class TrainingException extends Exception {
  private static final long serialVersionUID = 1;

  /** One line: what was found, what was expected, what to do. */
  public TrainingException(String message) {
    super(message);
  }

  static void refuseNaN(String what, int iteration, float... found) throws TrainingException {
    for (float number : found) {
      if (Float.isNaN(number)) {
        throw new TrainingException(
            what
                + " is not a number (NaN) at step "
                + iteration
                + "; training has run away: try a smaller --learning-rate");
      }
    }
  }
}
