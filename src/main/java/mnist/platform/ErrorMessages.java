package mnist.platform;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Errors as one line for the user, without class names. */
public final class ErrorMessages {
  private ErrorMessages() {}

  /** The cause and, where it is known, the remedy. */
  public static String summarize(Throwable e) {
    if (e instanceof LinkageError) {
      return "TensorFlow's native library cannot be loaded on %s %s (%s); see Troubleshooting in the README"
          .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), firstLine(e));
    }
    if (e instanceof OutOfMemoryError) {
      return "not enough memory (" + firstLine(e) + ")";
    }
    if (e instanceof UncheckedIOException wrapper) {
      return summarize(wrapper.getCause());
    }
    if (e instanceof FileSystemException file && file.getFile() != null) {
      return file.getFile() + ": " + withoutFile(file);
    }
    return firstLine(e);
  }

  /** The cause alone, where the message already names the file. */
  public static String withoutFile(Throwable e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "is a file, expected a folder"; // from creating parent folders
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
