package mnist.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** A file on its way to its real name. */
final class PartFile {
  private PartFile() {}

  /**
   * Makes an empty file beside where {@code name} will be, under a name that no other process uses.
   * It goes when the process ends, should that be before it gets its real name.
   */
  static Path create(Path folder, String name) throws IOException {
    Path part =
        Files.createFile(
            Files.createDirectories(folder).resolve(name + "." + UUID.randomUUID() + ".part"));
    part.toFile().deleteOnExit();
    return part;
  }
}
