package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mnist.app.Program.Run;
import mnist.bench.RawHttp;
import mnist.web.TrainedRuns;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mnist.app.Serve} from outside, in a process of its own. */
class ServeTest {
  private static final Pattern ADDRESS = Pattern.compile("(http://127\\.0\\.0\\.1:\\d+/) ");

  @TempDir Path folder;

  private static URI address(Path folder, Process process) throws Exception {
    for (int look = 0; look < 1200 && process.isAlive(); look++) {
      Matcher found = ADDRESS.matcher(Files.readString(folder.resolve("out.txt")));
      if (found.find()) {
        return URI.create(found.group(1));
      }
      Thread.sleep(50);
    }
    throw new AssertionError("did not start: " + Files.readString(folder.resolve("err.txt")));
  }

  @Test
  void servesTheNewestRunAndEndsWellWhenTold() throws Exception {
    TrainedRuns.poor(folder.resolve("runs").resolve("poor"));
    Process process =
        Program.start(folder, List.of(), "app.Serve", "--port=0", "--no-browser", "--name=digits");
    try {
      URI address = address(folder, process);
      byte[] body = "{\"instances\": 1}".getBytes(StandardCharsets.US_ASCII);
      byte[] request = RawHttp.post(address, "/v1/models/digits:predict", body);
      try (Socket underWay = new Socket(address.getHost(), address.getPort())) {
        underWay.getOutputStream().write(request, 0, request.length - 3);
        Thread.sleep(500); // by now the server waits for the rest
        long begin = System.nanoTime();
        process.destroy(); // SIGTERM
        Thread.sleep(500);
        underWay.getOutputStream().write(request, request.length - 3, 3);
        InputStream in = underWay.getInputStream();
        assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII))
            .isEqualTo("HTTP/1.1 400");
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat((System.nanoTime() - begin) / 1e9).isLessThan(5);
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(folder.resolve("err.txt")).content().isEmpty();
    assertThat(folder.resolve("out.txt"))
        .content()
        .startsWith("digits, version 1 (1.0, one softmax layer): http://127.0.0.1:");
  }

  private Run serve(String... args) throws Exception {
    return Program.end(folder, Program.start(folder, List.of(), "app.Serve", args));
  }

  @Test
  void whatCannotBeServedIsToldInOneLine() throws Exception {
    Run withoutRuns = serve();
    assertThat(withoutRuns.exitCode()).isEqualTo(1);
    assertThat(withoutRuns.err())
        .hasLineCount(1)
        .startsWith("error: runs contains no run with a model; make run makes one");

    Path model = Files.createDirectories(folder.resolve("model"));
    Files.writeString(model.resolve("saved_model.pb"), "no model");
    Run broken = serve("--model=model", "--port=0");
    assertThat(broken.exitCode()).isEqualTo(1);
    assertThat(broken.err()).hasLineCount(1).startsWith("error: model cannot be loaded: ");

    Run wrongName = serve("--name=a/b");
    assertThat(wrongName.exitCode()).isEqualTo(2);
    assertThat(wrongName.err()).startsWith("error: --name is part of an address");
  }

  @Test
  void aPortInUseIsTold() throws Exception {
    Path model = TrainedRuns.poor(folder.resolve("poor"));
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress("127.0.0.1", 0));
      Run run = serve("--model=" + model, "--port=" + taken.getLocalPort());
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.err()).hasLineCount(1).contains("port " + taken.getLocalPort() + " is in use");
    }
  }
}
