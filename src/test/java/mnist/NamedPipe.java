package mnist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Pipes with a name in the file system, which {@code mkfifo} makes. */
public final class NamedPipe {
  private NamedPipe() {}

  /** A new pipe that a thread writes some content into, in small parts, as soon as it is read. */
  public static Path containing(byte[] content, Path folder) throws Exception {
    Path pipe = Files.createTempFile(folder, "pipe", "");
    Files.delete(pipe);
    new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor();
    Thread writer =
        new Thread(
            () -> {
              try (var out = Files.newOutputStream(pipe)) {
                for (int i = 0; i < content.length; i += 1000) {
                  out.write(content, i, Math.min(1000, content.length - i));
                }
              } catch (IOException e) {
                // The reader has read enough.
              }
            });
    writer.setDaemon(true);
    writer.start();
    return pipe;
  }
}
