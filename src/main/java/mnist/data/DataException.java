package mnist.data;

import java.io.IOException;

/**
 * Data that cannot be used or had. The message is complete for whoever started the program: the
 * file, what was found, what was expected, what to do.
 */
public final class DataException extends IOException {
  private static final long serialVersionUID = 1;

  /** A complete message. */
  public DataException(String message) {
    super(message);
  }

  /** A complete message, and what led to it. */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
