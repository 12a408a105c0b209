package mnist.runs;

import java.io.IOException;

/**
 * A run that does not exist, or a file of it that is missing, damaged or cannot be used. The
 * message is one line for the user.
 */
public final class RunException extends IOException {
  private static final long serialVersionUID = 1;

  RunException(String message) {
    super(message);
  }

  RunException(String message, Throwable cause) {
    super(message, cause);
  }
}
