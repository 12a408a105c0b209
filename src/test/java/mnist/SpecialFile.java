package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Files that a program should not read as it reads others. */
public final class SpecialFile {
  private SpecialFile() {}

  /** A named pipe that nobody writes to: whoever opens it waits for ever. */
  public static void fifo(Path path) throws Exception {
    assertThat(new ProcessBuilder("mkfifo", path.toString()).inheritIO().start().waitFor())
        .isZero();
  }

  /** A file of zeros that occupies next to nothing on the disk. */
  public static void sparse(Path path, long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
  }
}
