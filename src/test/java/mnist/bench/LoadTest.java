package mnist.bench;

import static mnist.bench.Column.text;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mnist.app.Serve;
import mnist.console.CliErrors;
import mnist.console.CommandLines;
import mnist.platform.JavaProcess;
import mnist.platform.ProcessMemory;
import mnist.runs.RunFolders;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures the model server in a process of its own on this machine: throughput, latency, memory
 * over time, malformed requests and shutdown.
 */
@Command(
    name = "mnist.bench.LoadTest",
    description = "Measures the model server: load, memory, malformed requests, shutdown.")
public final class LoadTest implements Callable<Integer> {
  private static final Pattern ADDRESS = Pattern.compile("(http://127\\.0\\.0\\.1:\\d+/)");
  private static final List<String> TITLES =
      List.of(
          "load",
          "seconds",
          "requests/s",
          "median ms",
          "99% below ms",
          "slowest ms",
          "failed",
          "memory MB");
  private static final int WARM_UP_SECONDS = 5;
  private static final int MAX_FAULTS_SHOWN = 10;

  private final PrintStream out = System.out;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder of a SavedModel. Default: the newest run's")
  private Path model;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "16",
      description = "Number of concurrent connections. Default: ${DEFAULT-VALUE}")
  private int connections;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "Duration at full load. Default: ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--long-seconds",
      paramLabel = "N",
      defaultValue = "600",
      description =
          "Duration at half of that load, to see whether memory grows; 0 for none. Default:"
              + " ${DEFAULT-VALUE}")
  private int longSeconds;

  @Option(
      names = "--malformed",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Number of malformed requests, 0 for none. Default: ${DEFAULT-VALUE}")
  private int malformed;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the malformed requests. Default: ${DEFAULT-VALUE}")
  private long seed;

  public static void main(String[] args) {
    System.exit(CommandLines.create(new LoadTest(), System.out, System.err).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    try {
      Path folder =
          model == null
              ? new RunFolders(Path.of(RunFolders.DEFAULT), System.err::println).newestModel()
              : model;
      Process server = serve(folder);
      // In case this process is terminated.
      Runtime.getRuntime().addShutdownHook(new Thread(server::destroyForcibly));
      boolean ok;
      try {
        ok = measure(server, address(server));
      } finally {
        server.destroyForcibly();
      }
      return ok ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    } catch (IOException e) {
      return CliErrors.report(e, System.err);
    }
  }

  private static Process serve(Path folder) throws IOException {
    List<String> command =
        JavaProcess.command(
            JavaProcess.inheritedOptions(),
            Serve.class.getName(),
            List.of("--port=0", "--no-browser", "--model=" + folder));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static URI address(Process server) throws IOException {
    String line = server.inputReader(StandardCharsets.UTF_8).readLine();
    Matcher address = ADDRESS.matcher(line == null ? "" : line);
    if (!address.find()) {
      throw new IOException("the server did not start");
    }
    return URI.create(address.group(1));
  }

  private boolean measure(Process server, URI address) throws IOException, InterruptedException {
    byte[] image = oneImage();
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/v1/models/mnist:predict"))
            .timeout(Duration.ofSeconds(10))
            .POST(BodyPublishers.ofByteArray(image))
            .build();
    Load.run(request, connections, WARM_UP_SECONDS, 0);
    print("%d connections, one 28 × 28 image as JSON each, %,d bytes", connections, image.length);
    double before = cpuMillis(server);
    Load full = Load.run(request, connections, seconds, 0);
    double cpuMillis = (cpuMillis(server) - before) / full.requests();
    MarkdownTable table = new MarkdownTable(TITLES);
    table.add(row("full", full, text("%.0f", ProcessMemory.resident(server))));
    boolean ok = full.failures() == 0;
    if (longSeconds > 0) {
      ok &= halfLoad(server, request, (int) full.perSecond() / 2, table);
    }
    out.println("\n" + table);
    print("- processor time of the server at full load: %.3f ms/request", cpuMillis);
    if (malformed > 0) {
      Fuzzing fuzzing = Fuzzing.run(address, malformed, seed);
      print(
          "- %,d malformed requests: %d faults, slowest %.0f ms, by status %s; memory %.0f MB",
          fuzzing.requests(),
          fuzzing.faults().size(),
          fuzzing.slowestMillis(),
          fuzzing.statuses(),
          ProcessMemory.resident(server));
      fuzzing.faults().stream().limit(MAX_FAULTS_SHOWN).forEach(out::println);
      ok &= fuzzing.faults().isEmpty();
    }
    long start = System.nanoTime();
    server.destroy();
    ok &= server.waitFor(10, TimeUnit.SECONDS);
    print("- exited %.1f s after SIGTERM", (System.nanoTime() - start) / 1e9);
    return ok;
  }

  /** In ten periods, to compare the memory after the first with that after the last. */
  private boolean halfLoad(Process server, HttpRequest request, int perSecond, MarkdownTable table)
      throws InterruptedException {
    int period = Math.max(1, longSeconds / 10);
    Load all = Load.run(request, connections, period, perSecond);
    double first = ProcessMemory.resident(server);
    double last = first;
    for (int i = 2; i <= 10; i++) {
      System.err.println(text("half load, %d of 10 periods of %d s", i, period));
      all = all.plus(Load.run(request, connections, period, perSecond));
      last = ProcessMemory.resident(server);
    }
    table.add(
        row("half", all, text("%.0f → %.0f (%+.1f%%)", first, last, 100 * (last / first - 1))));
    return all.failures() == 0;
  }

  private static List<String> row(String load, Load result, String memory) {
    return List.of(
        load,
        text("%.0f", result.seconds()),
        text("%,.0f", result.perSecond()),
        text("%.2f", result.millis(50)),
        text("%.2f", result.millis(99)),
        text("%.1f", result.millis(100)),
        String.valueOf(result.failures()),
        memory);
  }

  private void print(String format, Object... values) {
    out.println(text(format, values));
  }

  private static double cpuMillis(Process server) {
    return server.info().totalCpuDuration().map(Duration::toMillis).orElse(0L);
  }

  /** A circle; pixel values as in MNIST: value / 256. */
  private static byte[] oneImage() {
    StringBuilder json = new StringBuilder("{\"instances\":[[");
    for (int y = 0; y < 28; y++) {
      json.append(y > 0 ? ",[" : "[");
      for (int x = 0; x < 28; x++) {
        double distance = Math.abs(Math.hypot(x - 14, y - 14) - 8);
        int value = (int) Math.max(0, 255 - 100 * distance);
        json.append(x > 0 ? ",[" : "[").append(value / 256.0).append(']');
      }
      json.append(']');
    }
    return json.append("]]}").toString().getBytes(StandardCharsets.UTF_8);
  }
}
