package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mnist.app.Program.Run;
import mnist.web.TrainedRuns;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mnist.app.Serve} in a process of its own. */
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
  void servesTheNewestRunAndFinishesRequestsOnSigterm() throws Exception {
    TrainedRuns.poor(folder.resolve("runs").resolve("poor"));
    Process process =
        Program.start(folder, List.of(), "app.Serve", "--port=0", "--no-browser", "--name=digits");
    try {
      URI address = address(folder, process);
      String header =
          """
          POST /v1/models/digits:predict HTTP/1.1
          Host: %s
          Content-Length: 16
          Expect: 100-continue

          """
              .formatted(address.getAuthority())
              .replace("\n", "\r\n");
      try (Socket inProgress = new Socket(address.getHost(), address.getPort())) {
        OutputStream out = inProgress.getOutputStream();
        InputStream in = inProgress.getInputStream();
        out.write(header.getBytes(StandardCharsets.US_ASCII));
        String interim = new String(in.readNBytes(25), StandardCharsets.US_ASCII);
        assertThat(interim).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n"); // it waits for the body
        process.destroy(); // SIGTERM
        Thread.sleep(500);
        out.write("{\"instances\": 1}".getBytes(StandardCharsets.US_ASCII));
        String status = new String(in.readNBytes(12), StandardCharsets.US_ASCII);
        assertThat(status).isEqualTo("HTTP/1.1 400");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(folder.resolve("err.txt")).content().isEmpty();
    assertThat(folder.resolve("out.txt"))
        .content()
        .startsWith("digits, version 1 (1.0, one softmax layer): http://127.0.0.1:");
  }

  @Test
  void logsEveryRequestIfVerbose() throws Exception {
    Path model = TrainedRuns.poor(folder.resolve("poor"));
    Process process =
        Program.start(
            folder,
            List.of(),
            "app.Serve",
            "--port=0",
            "--no-browser",
            "--verbose",
            "--model=" + model);
    try {
      HttpRequest request =
          HttpRequest.newBuilder(address(folder, process).resolve("/healthz")).build();
      HttpClient.newHttpClient().send(request, BodyHandlers.discarding());
    } finally {
      process.destroy();
      process.waitFor();
    }
    assertThat(folder.resolve("err.txt")).content().containsPattern("INFO .*GET /healthz: 200, ");
  }

  private Run serve(String... args) throws Exception {
    return Program.end(folder, Program.start(folder, List.of(), "app.Serve", args));
  }

  @Test
  void reportsInOneLineWhatCannotBeServed() throws Exception {
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
    assertThat(wrongName.err()).startsWith("error: --name needs letters, digits");
  }

  @Test
  void reportsAPortInUse() throws Exception {
    Path model = TrainedRuns.poor(folder.resolve("poor"));
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress("127.0.0.1", 0));
      Run run = serve("--model=" + model, "--port=" + taken.getLocalPort());
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.err()).hasLineCount(1).contains("port " + taken.getLocalPort() + " is in use");
    }
  }
}
