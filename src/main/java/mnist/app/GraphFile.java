package mnist.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import mnist.nn.Network;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;

/** The graph as a file: a binary GraphDef, or text if the name ends in {@code .pbtxt}. */
final class GraphFile {
  private GraphFile() {}

  /**
   * @throws IOException if the file exists
   */
  static void refuseExisting(Path file) throws IOException {
    if (Files.exists(file)) {
      throw new IOException(file + " already exists and is not overwritten");
    }
  }

  /**
   * Writes a network's graph.
   *
   * @throws IOException if the file exists, or cannot be written
   */
  static void write(Path file, Network network) throws IOException {
    var definition = network.graph().toGraphDef();
    byte[] content =
        file.toString().endsWith(".pbtxt")
            ? definition.toString().getBytes(StandardCharsets.UTF_8)
            : definition.toByteArray();
    try (AtomicFile draft = AtomicFile.of(file)) {
      Files.write(draft.path(), content);
      draft.create();
    } catch (IOException e) {
      refuseExisting(file);
      throw new IOException(
          "the graph cannot be written to " + file + ": " + ErrorMessages.summarize(e), e);
    }
  }
}
