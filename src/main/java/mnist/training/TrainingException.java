package mnist.training;

/** A training that cannot go on; the message is one line for whoever started it. */
public final class TrainingException extends Exception {
  private static final long serialVersionUID = 1;

  /** One line: what was found, what was expected, what to do. */
  public TrainingException(String message) {
    super(message);
  }
}
