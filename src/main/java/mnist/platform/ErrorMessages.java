package mnist.platform;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.stream.Stream;

/** Errors as one line for the user, without class names. */
public final class ErrorMessages {
  private ErrorMessages() {}

  /** The cause and, where it is known, the remedy. */
  public static String summarize(Throwable e) {
    if (e instanceof OutOfMemoryError) {
      return "not enough memory (" + firstLine(e) + ")";
    }
    if (e instanceof InvalidPathException name && name.getReason().contains("unmappable")) {
      return "%s: not a name in the locale %s; set LC_ALL=C.UTF-8"
          .formatted(name.getInput(), locale());
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

  /** The locale that the encoding of names comes from. */
  private static String locale() {
    return Stream.of("LC_ALL", "LC_CTYPE", "LANG")
        .map(System::getenv)
        .filter(value -> value != null && !value.isEmpty())
        .findFirst()
        .orElse("C");
  }

  private static String firstLine(Throwable e) {
    return Optional.ofNullable(e.getMessage())
        .flatMap(message -> message.lines().findFirst())
        .orElse(e.getClass().getSimpleName());
  }
}
