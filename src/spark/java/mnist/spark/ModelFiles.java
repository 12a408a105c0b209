package mnist.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import mnist.model.Model;
import mnist.platform.FileTree;

/**
 * A SavedModel on its way to executors, which need not see the folder that it is in.
 *
 * @param id tells one from another
 * @param contents of its files, by their paths in the folder
 */
record ModelFiles(UUID id, TreeMap<String, byte[]> contents) implements Serializable {
  private static final long serialVersionUID = 1;

  /** More than ten times the largest of this program. */
  private static final long MOST_BYTES = 500_000_000;

  /**
   * Reads a SavedModel's files, without loading it.
   *
   * @throws IOException if they cannot be read, or have more than 500 MB
   */
  static ModelFiles of(Path folder) throws IOException {
    TreeMap<String, byte[]> contents = new TreeMap<>();
    long bytes = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
        if (bytes > MOST_BYTES) {
          throw new IOException(
              "%s has more than %,d MB".formatted(folder, MOST_BYTES / 1_000_000));
        }
        contents.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return new ModelFiles(UUID.randomUUID(), contents);
  }

  /** Loads the model; to be closed. */
  Model load() throws IOException {
    Path folder = Files.createTempDirectory("mnist-model");
    try {
      for (String name : contents.keySet()) {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, contents.get(name));
      }
      return Model.load(folder);
    } finally {
      FileTree.delete(folder);
    }
  }
}
