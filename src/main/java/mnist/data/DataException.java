package mnist.data;

import java.io.IOException;

/**
 * Data that is unusable or not available. The message tells the user the file, what was found, what
 * was expected and what to do.
 */
public final class DataException extends IOException {
  private static final long serialVersionUID = 1;

  public DataException(String message) {
    super(message);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
