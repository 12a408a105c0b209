package mnist.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Recursive deletion, which the JDK lacks. */
public final class FileTree {
  private FileTree() {}

  /** Deletes a file, or a folder with its content; does nothing if the path does not exist. */
  public static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) { // content first
        Files.delete(file);
      }
    }
  }
}
