package mnist.runs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;

/**
 * Opens the files in a run's folder, which may come from anywhere: regular files only, through no
 * symbolic link, and none larger than a run can have made it.
 */
final class RunFile {
  private RunFile() {}

  /** Whether it is a regular file. */
  static boolean exists(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** The size in bytes, 0 if it is not a regular file. */
  static long size(Path file) throws IOException {
    return exists(file) ? Files.size(file) : 0;
  }

  /**
   * Opens a file for reading.
   *
   * @param maxBytes the largest size that is accepted
   * @throws NoSuchFileException if it does not exist
   * @throws RunException if it is not a regular file, or larger
   */
  static InputStream open(Path file, long maxBytes) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      throw new RunException(
          file
              + (attributes.isSymbolicLink()
                  ? " is a symbolic link, which is not followed"
                  : " is not a regular file"));
    }
    if (attributes.size() > maxBytes) {
      throw new RunException(
          String.format(
              Locale.ROOT,
              "%s has %,d bytes, expected at most %,d",
              file,
              attributes.size(),
              maxBytes));
    }
    return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** The whole content; see {@link #open}. */
  static byte[] read(Path file, int maxBytes) throws IOException {
    try (InputStream in = open(file, maxBytes)) {
      return in.readNBytes(maxBytes);
    }
  }
}
