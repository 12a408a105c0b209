package mnist.model;

import java.io.IOException;

/** A model cannot be written or loaded. The message is one line for the user. */
public final class ModelException extends IOException {
  private static final long serialVersionUID = 1;

  ModelException(String message) {
    super(message);
  }

  ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
