package mnist.platform;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files from the beginning to the end, so that a file may also be a pipe. */
public final class SequentialFile {
  private SequentialFile() {}

  /** Opens a file, buffered. */
  public static InputStream open(Path file) throws IOException {
    return new BufferedInputStream(
        new FilterInputStream(Files.newInputStream(file)) {
          @Override
          public int available() {
            return 0; // Java would ask for the position, which a pipe does not have
          }
        },
        1 << 16);
  }
}
