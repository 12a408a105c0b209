package mnist.platform;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A file or folder that appears whole or not at all: it is written to a hidden temporary path
 * beside its target and then moved there in one step. Closing it deletes what was not moved.
 */
public final class AtomicFile implements AutoCloseable {
  private static final Pattern TEMPORARY =
      Pattern.compile("\\..+\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.(part|old)");

  private final Path target;
  private final Path path;

  private AtomicFile(Path target) {
    this.target = target;
    path = temporarySibling(target, "part");
  }

  /**
   * Chooses the temporary path and creates the parent folders, nothing else.
   *
   * @throws IOException if the parent folders cannot be created
   */
  public static AtomicFile of(Path target) throws IOException {
    AtomicFile file = new AtomicFile(target.toAbsolutePath().normalize());
    Files.createDirectories(file.path.getParent());
    file.path.toFile().deleteOnExit(); // in case the process is stopped before close()
    return file;
  }

  /** Writes a file atomically; replaces an existing one. */
  public static void write(Path target, byte[] content) throws IOException {
    try (AtomicFile file = of(target)) {
      Files.write(file.path, content);
      file.replace();
    }
  }

  private static Path temporarySibling(Path target, String suffix) {
    return target.resolveSibling(
        "." + target.getFileName() + "." + UUID.randomUUID() + "." + suffix);
  }

  /** Deletes the temporary files that killed processes left in a folder. */
  public static void deleteLeftovers(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      for (Path path :
          content.filter(p -> TEMPORARY.matcher(p.getFileName().toString()).matches()).toList()) {
        FileTree.delete(path);
      }
    }
  }

  /** The temporary path, to write to. */
  public Path path() {
    return path;
  }

  /**
   * Moves it to its target.
   *
   * @throws FileAlreadyExistsException if the target exists
   */
  public void create() throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Files.move(path, target);
  }

  /** Moves it to its target, replacing an existing file or folder. */
  public void replace() throws IOException {
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(path, target, ATOMIC_MOVE, REPLACE_EXISTING);
      return;
    }
    Path old = temporarySibling(target, "old");
    Files.move(target, old, ATOMIC_MOVE);
    try {
      Files.move(path, target, ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(old, target, ATOMIC_MOVE);
      throw e;
    }
    FileTree.delete(old);
  }

  @Override
  public void close() throws IOException {
    FileTree.delete(path);
  }
}
