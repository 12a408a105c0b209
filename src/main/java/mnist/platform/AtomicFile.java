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
 * A file or folder on its way to its name: it is written beside its place, under a hidden name that
 * no other process uses, and gets its real name in one move when it is whole. Closing it removes
 * what did not get that far.
 */
public final class AtomicFile implements AutoCloseable {
  private static final Pattern LEFT =
      Pattern.compile("\\..+\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.(part|old)");

  private final Path target;
  private final Path path;

  private AtomicFile(Path target) {
    this.target = target;
    path = hiddenBeside(target, "part");
  }

  /**
   * A draft of {@code target}; the folders above it are made, nothing else is.
   *
   * @throws IOException if there can be no such folders
   */
  public static AtomicFile of(Path target) throws IOException {
    AtomicFile draft = new AtomicFile(target.toAbsolutePath().normalize());
    Files.createDirectories(draft.path.getParent());
    draft.path.toFile().deleteOnExit(); // should the process be stopped meanwhile
    return draft;
  }

  private static Path hiddenBeside(Path target, String suffix) {
    return target.resolveSibling(
        "." + target.getFileName() + "." + UUID.randomUUID() + "." + suffix);
  }

  /** Removes what drafts have left in a folder whose process was killed. */
  public static void removeLeft(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      for (Path path :
          content.filter(p -> LEFT.matcher(p.getFileName().toString()).matches()).toList()) {
        FileTree.delete(path);
      }
    }
  }

  /** Where to write. */
  public Path path() {
    return path;
  }

  /**
   * Gives it its name.
   *
   * @throws FileAlreadyExistsException if something has that name
   */
  public void create() throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Files.move(path, target);
  }

  /** Gives it its name, in place of the file or folder that may have it now. */
  public void replace() throws IOException {
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(path, target, ATOMIC_MOVE, REPLACE_EXISTING);
      return;
    }
    Path old = hiddenBeside(target, "old");
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
