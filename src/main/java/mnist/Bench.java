package mnist;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import mnist.data.FileTree;
import mnist.training.Stage;
import mnist.training.Training;
import mnist.training.TrainingListener;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures how fast the stages train and how much memory they take. Every round of a stage is a
 * process of its own, started like any run of the stage, so that nothing is warm that would not be.
 */
@Command(
    name = "mnist.Bench",
    mixinStandardHelpOptions = true,
    description =
        "Measures the speed and the memory of the stages; prints the median of the rounds.")
public final class Bench implements Callable<Integer> {
  private static final String LONG_STAGE = "1.0";
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Measure only this stage; may be given several times.")
  private List<String> chosen = new ArrayList<>();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Processes per stage. Default: ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "500",
      description = "Last iteration of a round. Default: ${DEFAULT-VALUE}")
  private int iterations;

  @Option(
      names = "--long",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "Last iteration of the run of stage 1.0 that shows whether memory stays flat, 0 for none."
              + " Default: ${DEFAULT-VALUE}")
  private int longRun;

  @Option(names = "--json", description = "Print JSON, every round by itself.")
  private boolean json;

  @Option(names = "--round", hidden = true, description = "Be one round of this stage.")
  private String round;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Bench())
            .setExecutionExceptionHandler(
                (e, commandLine, parsed) -> {
                  System.err.println("error: " + e.getMessage());
                  return e instanceof IllegalArgumentException
                      ? CommandLine.ExitCode.USAGE
                      : CommandLine.ExitCode.SOFTWARE;
                })
            .execute(args));
  }

  /**
   * What one round found.
   *
   * @param stepMillis median time of a step, filling the batch included
   * @param imagesPerSecond that the steps come to
   * @param firstStepSeconds from the start of the process to the end of the first step
   * @param peakMegabytes most memory that the process had in RAM, NaN where the system does not say
   * @param garbageBytes median of what a step allocates on the Java heap
   * @param earlyMegabytes memory in RAM after a tenth of the steps
   * @param lateMegabytes memory in RAM after the last step
   */
  record Round(
      String stage,
      double stepMillis,
      double imagesPerSecond,
      double firstStepSeconds,
      double peakMegabytes,
      double garbageBytes,
      double earlyMegabytes,
      double lateMegabytes) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (round != null) {
      return measureHere(Stages.named(round));
    }
    if (rounds < 1 || iterations < 1 || longRun < 0) {
      throw new IllegalArgumentException(
          "--rounds and --iterations must be 1 or more, --long 0 or more");
    }
    List<String> stages =
        chosen.isEmpty()
            ? Stages.all().stream().map(stage -> stage.script().name()).toList()
            : chosen.stream().map(name -> Stages.named(name).script().name()).toList();
    Map<String, List<Round>> found = new LinkedHashMap<>();
    for (int i = 0; i < rounds; i++) {
      for (String stage : stages) {
        found.computeIfAbsent(stage, s -> new ArrayList<>()).add(inNewProcess(stage, iterations));
      }
    }
    Round longRound = longRun > 0 ? inNewProcess(LONG_STAGE, longRun) : null;
    if (json) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("iterations", iterations);
      all.put("rounds", found);
      all.put("long_run_iterations", longRun);
      all.put("long_run", longRound);
      System.out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all));
    } else {
      print(found, longRound);
    }
    return CommandLine.ExitCode.OK;
  }

  private void print(Map<String, List<Round>> found, Round longRound) {
    System.out.printf(
        "Medians of %d rounds of %d steps, batches of 100 images%n%n", rounds, iterations + 1);
    System.out.println(
        "stage   ms/step   images/s   first step s   peak memory MB   garbage bytes/step");
    found.forEach(
        (stage, all) ->
            System.out.printf(
                Locale.ROOT,
                "%5s %9.2f %10.0f %14.2f %16.0f %20.0f%n",
                stage,
                median(all, Round::stepMillis),
                median(all, Round::imagesPerSecond),
                median(all, Round::firstStepSeconds),
                median(all, Round::peakMegabytes),
                median(all, Round::garbageBytes)));
    if (longRound != null) {
      System.out.printf(
          Locale.ROOT,
          "%nStage %s over %d steps: %.0f MB after the first tenth, %.0f MB at the end%n",
          LONG_STAGE,
          longRun + 1,
          longRound.earlyMegabytes(),
          longRound.lateMegabytes());
    }
  }

  private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  // ---- One round

  private static Round inNewProcess(String stage, int iterations)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Bench.class.getName()));
    command.addAll(List.of("--round", stage, "--iterations", String.valueOf(iterations)));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("a round of stage " + stage + " failed");
    }
    return JSON.readValue(output, Round.class);
  }

  private int measureHere(Stage stage) throws IOException {
    Path folder = Files.createTempDirectory("mnist-bench");
    StepRecord steps = new StepRecord(iterations + 1);
    try {
      int exitCode =
          Training.run(
              stage,
              steps,
              new PrintStream(OutputStream.nullOutputStream()),
              "--quiet",
              "--no-export",
              "--iterations=" + iterations,
              "--run-dir=" + folder.resolve("run"));
      if (exitCode == 0) {
        System.out.println(JSON.writeValueAsString(steps.round(stage.script().name())));
      }
      return exitCode;
    } finally {
      FileTree.delete(folder);
    }
  }

  /** Notes time and memory at every step. */
  private static final class StepRecord implements TrainingListener {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long[] nanos;
    private final long[] allocated;
    private Duration untilFirstStep;
    private double earlyMegabytes;
    private double lateMegabytes;

    StepRecord(int steps) {
      nanos = new long[steps];
      allocated = new long[steps];
    }

    @Override
    public void stepped(int iteration, long stepNanos) {
      if (iteration == 0) {
        Instant start = ProcessHandle.current().info().startInstant().orElseThrow();
        untilFirstStep = Duration.between(start, Instant.now());
      }
      nanos[iteration] = stepNanos;
      allocated[iteration] = threads.getCurrentThreadAllocatedBytes();
      if (iteration == nanos.length / 10) {
        earlyMegabytes = megabytes("VmRSS");
      }
      if (iteration == nanos.length - 1) {
        lateMegabytes = megabytes("VmRSS");
      }
    }

    Round round(String stage) {
      double stepMillis = median(nanos) / 1e6;
      long[] garbage = new long[allocated.length - 1];
      for (int i = 0; i < garbage.length; i++) {
        garbage[i] = allocated[i + 1] - allocated[i];
      }
      return new Round(
          stage,
          stepMillis,
          100 * 1000 / stepMillis,
          untilFirstStep.toMillis() / 1000.0,
          megabytes("VmHWM"),
          median(garbage),
          earlyMegabytes,
          lateMegabytes);
    }

    private static double median(long[] values) {
      long[] sorted = values.clone();
      Arrays.sort(sorted);
      return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }

    /** A line of Linux's account of this process, in megabytes; NaN elsewhere. */
    private static double megabytes(String key) {
      try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
        return lines
            .filter(line -> line.startsWith(key + ":"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D+", "")) * 1024 / 1e6)
            .findFirst()
            .orElse(Double.NaN);
      } catch (IOException e) {
        return Double.NaN;
      }
    }
  }
}
