package mnist.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import mnist.platform.AtomicFile;
import mnist.runs.RunLock;

/**
 * The folder of a sweep, kept for one process: {@code sweep.json}, which says what was to be tried,
 * the runs' folders, and the tables. Closing it lets others in.
 */
final class SweepFolder implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path path;
  private final RunLock lock;

  private SweepFolder(Path path, RunLock lock) {
    this.path = path;
    this.lock = lock;
  }

  /** What a sweep is: equal ones go on in one folder. */
  static ObjectNode description(String stage, int threads, List<Trial> trials) {
    ObjectNode sweep = JSON.createObjectNode();
    sweep.put("stage", stage);
    sweep.put("threads", threads);
    ObjectNode all = sweep.putObject("trials");
    trials.forEach(trial -> all.set(trial.name(), JSON.valueToTree(trial.options())));
    return sweep;
  }

  /**
   * Opens the folder of a new sweep, or of one that goes on.
   *
   * @param description as of {@link #description}
   * @throws IOException if it holds something else, or another process works there
   */
  static SweepFolder open(Path path, JsonNode description) throws IOException {
    Path file = path.resolve("sweep.json");
    try {
      if (!JSON.readTree(Files.readAllBytes(file)).equals(description)) {
        throw new IOException(
            path + " is another sweep, by its sweep.json; choose another --out for this one");
      }
    } catch (NoSuchFileException e) {
      refuseOther(path);
    }
    Files.createDirectories(path);
    RunLock lock = RunLock.acquire(path);
    SweepFolder folder = new SweepFolder(path, lock);
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

  private static void refuseOther(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      try (Stream<Path> content = Files.list(path)) {
        if (content.anyMatch(file -> !file.getFileName().toString().equals(RunLock.FILE))) {
          throw new IOException(path + " is there already, and is no sweep; choose another --out");
        }
      }
    }
  }

  /** Where it is. */
  Path path() {
    return path;
  }

  /** Writes a file whole, in place of the one of a former time. */
  void write(String name, String content) throws IOException {
    write(name, content.getBytes(StandardCharsets.UTF_8));
  }

  /** The same of bytes. */
  void write(String name, byte[] content) throws IOException {
    try (AtomicFile draft = AtomicFile.of(path.resolve(name))) {
      Files.write(draft.path(), content);
      draft.replace();
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
