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
import mnist.platform.NativeEnvironment;

/**
 * A SavedModel's files in memory, to broadcast to executors that may not see its folder.
 *
 * @param id unique
 * @param contents by path relative to the folder
 * @param oneDnn whether oneDNN may be used; the first model in a process decides
 */
record ModelFiles(UUID id, TreeMap<String, byte[]> contents, boolean oneDnn)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** More than ten times the largest model of this project. */
  private static final long MAX_BYTES = 500_000_000;

  /**
   * The model of this executor, loaded by its first task and shared by all that follow. It is
   * static because Spark gives tasks no other object that outlives them without being copied for
   * each.
   */
  private static Model loaded;

  private static UUID loadedId;

  /**
   * Reads the files without loading the model.
   *
   * @throws IOException if they cannot be read or are larger than 500 MB
   */
  static ModelFiles of(Path folder, boolean oneDnn) throws IOException {
    TreeMap<String, byte[]> contents = new TreeMap<>();
    long bytes = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
        if (bytes > MAX_BYTES) {
          throw new IOException(
              "%s is larger than %,d MB".formatted(folder, MAX_BYTES / 1_000_000));
        }
        contents.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return new ModelFiles(UUID.randomUUID(), contents, oneDnn);
  }

  /**
   * Loads the model unless this process has it already; closes a different one. The caller must not
   * close it.
   */
  Model load() throws IOException {
    synchronized (ModelFiles.class) {
      if (!id.equals(loadedId)) {
        NativeEnvironment.useOneThread(); // there are as many tasks as cores
        NativeEnvironment.load(oneDnn);
        if (loaded != null) {
          loaded.close();
        }
        loaded = loadCopy();
        loadedId = id;
      }
      return loaded;
    }
  }

  private Model loadCopy() throws IOException {
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
