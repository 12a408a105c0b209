package mnist.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import mnist.platform.AtomicFile;
import mnist.platform.Json;
import mnist.runs.RunLock;

/**
 * The folder of a sweep, locked by this process until it is closed: {@code sweep.json}, the
 * description of the sweep; the runs' folders; and the tables.
 */
record SweepFolder(Path path, RunLock lock) implements AutoCloseable {
  /** Describes a sweep; an equal one is resumed in the same folder. */
  static ObjectNode description(String stage, int threads, List<Trial> trials) {
    ObjectNode sweep = Json.MAPPER.createObjectNode();
    sweep.put("stage", stage);
    sweep.put("threads", threads);
    ObjectNode all = sweep.putObject("trials");
    trials.forEach(trial -> all.set(trial.name(), Json.MAPPER.valueToTree(trial.options())));
    return sweep;
  }

  /**
   * Opens the folder of a new sweep or of one to resume.
   *
   * @param description from {@link #description}
   * @throws IOException if it contains something else or is locked by another process
   */
  static SweepFolder open(Path path, JsonNode description) throws IOException {
    Path file = path.resolve("sweep.json");
    try {
      if (!Json.MAPPER.readTree(Files.readAllBytes(file)).equals(description)) {
        throw new IOException(
            path + " contains a different sweep, see its sweep.json; choose another --out");
      }
    } catch (NoSuchFileException e) {
      checkEmpty(path);
    }
    Files.createDirectories(path);
    SweepFolder folder = new SweepFolder(path, RunLock.acquire(path));
    try {
      AtomicFile.deleteLeftovers(path);
      if (!Files.exists(file)) {
        folder.write("sweep.json", description.toPrettyString() + "\n");
      }
      return folder;
    } catch (IOException e) {
      folder.close();
      throw e;
    }
  }

  private static void checkEmpty(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      try (Stream<Path> content = Files.list(path)) {
        if (content.anyMatch(file -> !file.getFileName().toString().equals(RunLock.FILE))) {
          throw new IOException(path + " exists and is not a sweep; choose another --out");
        }
      }
    }
  }

  /** Writes a file atomically; replaces that of a previous execution. */
  void write(String name, String content) throws IOException {
    AtomicFile.write(path.resolve(name), content.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
