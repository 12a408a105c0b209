package mnist.crosscheck;

/** A comparison that cannot be made; the message is one line for the user. */
public final class CrossCheckException extends Exception {
  private static final long serialVersionUID = 1;

  /** One line: what was found, what was expected, what to do. */
  public CrossCheckException(String message) {
    super(message);
  }
}
