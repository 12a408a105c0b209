package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mnist.FewDigits;
import mnist.Mnist10Softmax;
import mnist.SpecialFile;
import mnist.training.TrainingListener;
import mnist.view.ShownRun;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A page that is used before its training has loaded TensorFlow: it then loads it as that would.
 */
@Timeout(180)
class EarlyPageTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @EnabledOnOs(OS.LINUX)
  @EnabledIfSystemProperty(named = "os.arch", matches = "amd64") // where TensorFlow says so
  void loadsTheKernelsOfTheTraining(boolean oneDnn) throws Exception {
    Path data = FewDigits.writeTo(folder.resolve("data"));
    Path other = folder.resolve("runs/other");
    ShownRun.train(new Mnist10Softmax(), new TrainingListener() {}, data, other, "--iterations=10");
    Path pipes = FewDigits.writeTo(folder.resolve("pipes"));
    Path images = pipes.resolve("train-images-idx3-ubyte");
    Files.delete(images);
    SpecialFile.fifo(images); // so that the training waits for its data

    int port = freePort();
    List<String> args =
        new ArrayList<>(
            List.of("--view", "--view-port=" + port, "--data=" + pipes, "--run-dir=runs/waiting"));
    if (!oneDnn) {
      args.add("--no-onednn");
    }
    Process training =
        Program.start(
            folder,
            Map.of("TF_CPP_MIN_LOG_LEVEL", "0"),
            List.of(),
            "Mnist10Softmax",
            args.toArray(String[]::new));
    try {
      URI page = URI.create("http://127.0.0.1:" + port + "/api/runs/other/probabilities/test/0");
      assertThat(statusOf(page)).isEqualTo(200);
      String said = Files.readString(folder.resolve("err.txt"));
      assertThat(said.contains("oneDNN custom operations are on")).as(said).isEqualTo(oneDnn);
    } finally {
      training.destroyForcibly().waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** The status, once the server is there. */
  private static int statusOf(URI address) throws InterruptedException {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(90)).build();
    for (int attempt = 0; attempt < 1200; attempt++) {
      try {
        return client.send(request, BodyHandlers.discarding()).statusCode();
      } catch (IOException e) {
        Thread.sleep(50);
      }
    }
    throw new AssertionError("no server at " + address);
  }
}
