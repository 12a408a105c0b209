package mnist.training;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What whoever started the program is told when something cannot be done. */
public final class Failure {
  private Failure() {}

  /** What was found and, where that is known, what to do: one line, without the class's name. */
  public static String inOneLine(Throwable e) {
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
      return "not enough memory (" + firstLine(e) + ")";
    }
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + ": no such file or folder";
    }
    if (e instanceof FileAlreadyExistsException file) {
      return file.getFile() + " is a file, expected a folder";
    }
    if (e instanceof FileSystemException file) {
      return file.getFile()
          + ": "
          + (file.getReason() == null ? "cannot be used" : file.getReason());
    }
    return firstLine(e);
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.getClass().getSimpleName());
  }
}
