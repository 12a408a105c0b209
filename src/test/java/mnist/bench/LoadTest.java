package mnist.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.app.Serve;
import mnist.console.CliErrors;
import mnist.console.CommandLines;
import mnist.platform.JavaProcess;
import mnist.runs.RunFolders;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures the server of models, in a process of its own on this machine: how many requests it
 * answers, how soon, whether its memory stays flat, and whether it stands wrong requests.
 */
@Command(
    name = "mnist.bench.LoadTest",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures the server of models on this machine: load, memory, wrong requests, and how soon"
            + " it ends.")
public final class LoadTest implements Callable<Integer> {
  private static final Pattern ADDRESS = Pattern.compile("(http://127\\.0\\.0\\.1:\\d+/)");
  private static final int WARM_UP_SECONDS = 5;
  private static final int MOST_FAULTS_SHOWN = 10;

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
      description = "At once. Default: ${DEFAULT-VALUE}")
  private int connections;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "How long as many requests are sent as are answered. Default: ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--long-seconds",
      paramLabel = "N",
      defaultValue = "600",
      description =
          "How long half of these are sent, which shows whether memory stays flat; 0 for not at all."
              + " Default: ${DEFAULT-VALUE}")
  private int longSeconds;

  @Option(
      names = "--wrong",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Wrong requests, 0 for none. Default: ${DEFAULT-VALUE}")
  private int wrong;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the wrong requests. Default: ${DEFAULT-VALUE}")
  private long seed;

  public static void main(String[] args) {
    System.exit(CommandLines.create(new LoadTest(), System.out, System.err).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    try {
      Path folder =
          model == null ? new RunFolders(Path.of(RunFolders.DEFAULT)).newestModel() : model;
      Process server = serve(folder);
      // Should this process be ended from outside.
      Runtime.getRuntime().addShutdownHook(new Thread(server::destroyForcibly));
      boolean well;
      try {
        well = measure(server, address(server));
      } finally {
        server.destroyForcibly();
      }
      return well ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
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
    BufferedReader said = server.inputReader(StandardCharsets.UTF_8);
    String line = said.readLine();
    Matcher address = ADDRESS.matcher(line == null ? "" : line);
    if (!address.find()) {
      throw new IOException("the server did not start");
    }
    return URI.create(address.group(1));
  }

  private boolean measure(Process server, URI address) throws IOException, InterruptedException {
    byte[] request = HttpConnection.post(address, "/v1/models/mnist:predict", oneImage());
    Load.of(address, request, connections, WARM_UP_SECONDS, 0);
    print(
        "%d connections, one image of 28 × 28 as JSON each, %,d bytes",
        connections, request.length);
    double before = processorMillis(server);
    Load most = Load.of(address, request, connections, seconds, 0);
    print("as many as are answered, %d s: %s; memory %.0f MB", seconds, most, memory(server));
    print(
        "the server's processor time: %.3f ms a request",
        (processorMillis(server) - before) / most.requests());
    boolean well = most.failures() == 0;
    if (longSeconds > 0) {
      well &= stayFlat(server, address, request, (int) most.perSecond() / 2);
    }
    if (wrong > 0) {
      Fuzzing fuzzing = Fuzzing.of(address, wrong, seed);
      print(
          "%,d wrong requests: %d faults, slowest %.0f ms, by status %s; memory %.0f MB",
          fuzzing.requests(),
          fuzzing.faults().size(),
          fuzzing.slowestMillis(),
          fuzzing.statuses(),
          memory(server));
      fuzzing.faults().stream().limit(MOST_FAULTS_SHOWN).forEach(out::println);
      well &= fuzzing.faults().isEmpty();
    }
    long begin = System.nanoTime();
    server.destroy();
    well &= server.waitFor(10, TimeUnit.SECONDS);
    print("ended %.1f s after it was told to", (System.nanoTime() - begin) / 1e9);
    return well;
  }

  /** Ten parts of equal length, the first one's memory against the last one's. */
  private boolean stayFlat(Process server, URI address, byte[] request, int perSecond)
      throws IOException, InterruptedException {
    int parts = 10;
    boolean well = true;
    double first = Double.NaN;
    double last = Double.NaN;
    for (int part = 0; part < parts; part++) {
      int length = Math.max(1, longSeconds / parts);
      Load load = Load.of(address, request, connections, length, perSecond);
      last = memory(server);
      first = part == 0 ? last : first;
      well &= load.failures() == 0;
      print("half as many, part %d of %d: %s; memory %.0f MB", part + 1, parts, load, last);
    }
    print("memory from the first part to the last: %+.1f%%", 100 * (last / first - 1));
    return well;
  }

  private void print(String form, Object... arguments) {
    Object[] shown =
        Stream.of(arguments).map(a -> a instanceof Load load ? text(load) : a).toArray();
    out.printf(Locale.ROOT, form + "%n", shown);
  }

  private static String text(Load load) {
    return String.format(
        Locale.ROOT,
        "%,.0f requests/s, median %.2f ms, 99%% below %.2f ms, slowest %.1f ms, %d failed",
        load.perSecond(),
        load.medianMillis(),
        load.p99Millis(),
        load.mostMillis(),
        load.failures());
  }

  private static double processorMillis(Process server) {
    return server.info().totalCpuDuration().map(Duration::toMillis).orElse(0L);
  }

  /** Of the server's process, in megabytes; NaN where Linux does not say. */
  private static double memory(Process server) {
    try (Stream<String> lines =
        Files.lines(Path.of("/proc", String.valueOf(server.pid()), "status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D+", "")) * 1024 / 1e6)
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  /** A circle, grey levels as MNIST's are: value / 256. */
  private static byte[] oneImage() {
    StringBuilder json = new StringBuilder("{\"instances\":[[");
    for (int y = 0; y < 28; y++) {
      json.append(y > 0 ? ",[" : "[");
      for (int x = 0; x < 28; x++) {
        double off = Math.abs(Math.hypot(x - 14, y - 14) - 8);
        int level = (int) Math.max(0, 255 - 100 * off);
        json.append(x > 0 ? ",[" : "[").append(level / 256.0).append(']');
      }
      json.append(']');
    }
    return json.append("]]}").toString().getBytes(StandardCharsets.UTF_8);
  }
}
