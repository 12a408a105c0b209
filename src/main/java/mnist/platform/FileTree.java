package mnist.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder with all that is in it. */
public final class FileTree {
  private FileTree() {}

  /** Deletes a folder with all that is in it; nothing if there is none. */
  public static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> contentFirst;
    try (Stream<Path> files = Files.walk(folder)) {
      contentFirst = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : contentFirst) {
      Files.delete(file);
    }
  }

  /** Deletes all that is in a folder. */
  public static void deleteContent(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      for (Path path : content.toList()) {
        delete(path);
      }
    }
  }
}
