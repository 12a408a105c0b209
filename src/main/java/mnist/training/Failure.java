package mnist.training;

import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

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

  /** Says which option is wrong, in a line, and where all are listed; gives the exit code 2. */
  public static int wrongOption(ParameterException wrong, PrintStream err) {
    // picocli names Java's class of what it expected.
    err.println("error: " + firstLine(wrong).replace("interface java.nio.file.Path", "a path"));
    err.println("--help lists the options.");
    return CommandLine.ExitCode.USAGE;
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.getClass().getSimpleName());
  }
}
