package mnist.platform;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Why something could not be done, in one line for whoever started the program. */
public final class ErrorMessages {
  private ErrorMessages() {}

  /** What was found and, where that is known, what to do: one line, without the class's name. */
  public static String summarize(Throwable e) {
    if (e instanceof LinkageError) {
      return "TensorFlow's native library cannot be loaded on "
          + System.getProperty("os.name")
          + " "
          + System.getProperty("os.arch")
          + " ("
          + firstLine(e)
          + "); see Troubleshooting in the README";
    }
    if (e instanceof OutOfMemoryError) {
      return "not enough memory (" + firstLine(e) + "); try a smaller --batch-size";
    }
    if (e instanceof FileSystemException file && file.getFile() != null) {
      return file.getFile() + ": " + withoutFile(file);
    }
    return firstLine(e);
  }

  /** The same, where the reader knows which file or folder is meant. */
  public static String withoutFile(Throwable e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "is a file, expected a folder"; // which was to be made
    }
    if (e instanceof FileSystemException file) {
      return file.getReason() == null ? "cannot be used" : file.getReason();
    }
    return firstLine(e);
  }

  private static String firstLine(Throwable e) {
    return Optional.ofNullable(e.getMessage())
        .flatMap(message -> message.lines().findFirst())
        .orElse(e.getClass().getSimpleName());
  }
}
