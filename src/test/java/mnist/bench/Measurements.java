package mnist.bench;

import static mnist.bench.Column.text;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import mnist.Stages;
import mnist.app.Main;
import mnist.console.CommandLines;
import mnist.crashtest.CrashTest;
import mnist.platform.FileTree;
import mnist.platform.JavaProcess;
import mnist.platform.NativeEnvironment;
import mnist.platform.ProjectFolder;
import mnist.platform.Versions;
import mnist.runs.Checkpoints;
import mnist.runs.RunFolder;
import mnist.runs.RunInfo;
import mnist.training.Measurement;
import mnist.training.Stage;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures what {@code docs/measurements.md} shows and prints its tables. Every training runs in a
 * process of its own; its folder is kept, so that the next start makes only the missing runs.
 */
@Command(
    name = "mnist.bench.Measurements",
    description =
        "Measures what docs/measurements.md shows and prints it as Markdown. Takes hours; keeps"
            + " completed runs, resumes interrupted ones.")
public final class Measurements implements Callable<Integer> {

  /** A section of the document. */
  enum Part {
    ACCURACY("Accuracy and time"),
    EXPERIMENTS("The tutorial's experiments"),
    RECORDING("Cost of recording"),
    SPEED("Speed and memory"),
    PYTHON("Java and Python"),
    SERVING("Serving"),
    CRASHES("Crash tests");

    final String title;

    Part(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Stages with options. */
  private static final List<String> EXPERIMENTS =
      List.of(
          "1.0 --iterations=10000",
          "2.0 --activation=relu",
          "2.0 --activation=relu --learning-rate=0.0001",
          "2.1 --activation=sigmoid",
          "3.1 --keep-probability=1",
          "4.0 --learning-rate=0.003",
          "4.1 --learning-rate=0.003",
          // What TUTORIAL.md breaks.
          "2.0 --learning-rate=0.03",
          "2.1 --learning-rate=0.003",
          "2.2 --keep-probability=0.25",
          "3.0 --learning-rate=0.03 --iterations=1000",
          "4.0 --batch-size=1 --iterations=2000",
          "4.1 --learning-rate=0.03",
          "4.2 --learning-rate=0.2 --iterations=200",
          "5.0 --learning-rate=0.03 --iterations=600");

  private static final List<String> RECORDED =
      List.of("2.1 --no-export", "3.0 --no-export --iterations=1500");

  private static final String SERVED = "3.0";
  private static final int PAIRS = 5;

  private final PrintStream out = System.out;
  private String commit;

  @Option(
      names = "--only",
      paramLabel = "PART",
      description =
          "Measure only this part: ${COMPLETION-CANDIDATES}. Can be repeated. Default: all")
  private List<Part> parts = List.of(Part.values());

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Measure only this stage; can be repeated. Default: all")
  private List<Stage> stages = Stages.all();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      split = ",",
      defaultValue = "0,1,2",
      description = "Seeds of the full runs, separated by commas. Default: ${DEFAULT-VALUE}")
  private long[] seeds;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description = "Last iteration of every run, for a trial. Default: the stage's own")
  private Integer iterations;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder with the four IDX files. Default: MNIST, as for a run")
  private Path dataFolder;

  @Option(
      names = "--runs",
      paramLabel = "DIR",
      description = "Folder of the runs. Default: target/measurements")
  private Path runs = ProjectFolder.path().resolve("target").resolve("measurements");

  @Option(
      names = "--server-options",
      hidden = true,
      split = " ",
      description = "Java options of make serve.")
  private List<String> serverOptions = List.of();

  public static void main(String[] args) {
    System.exit(
        CommandLines.create(new Measurements(), System.out, System.err)
            .registerConverter(Stage.class, Stages::named)
            .execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    commit = git("rev-parse", "--short", "HEAD");
    if (!git("status", "--porcelain", "--untracked-files=no").isEmpty()) {
      commit += " with changes";
    }
    printMachine();
    for (Part part : parts) {
      System.err.println(part.title + " ...");
      String section = measure(part);
      out.printf("%n## %s%n%n%s", part.title, section);
    }
    return CommandLine.ExitCode.OK;
  }

  private String measure(Part part) throws IOException, InterruptedException {
    return switch (part) {
      case ACCURACY -> fullRuns(part, Stages.all().stream().map(Stage::name).toList());
      case EXPERIMENTS -> fullRuns(part, EXPERIMENTS);
      case RECORDING -> recording();
      case SPEED -> caption("make bench") + program(Bench.class, stageOptions());
      case PYTHON -> {
        List<String> options = stageOptions();
        options.add("--python");
        yield caption("make bench ARGS=--python") + program(Bench.class, options);
      }
      case SERVING -> {
        train(SERVED, seeds[0]);
        yield caption("make bench-serve") + serving(run(SERVED, seeds[0]).model());
      }
      case CRASHES -> caption("make torture") + program(CrashTest.class, List.of());
    };
  }

  // ---- The machine

  private void printMachine() {
    boolean oneDnn = NativeEnvironment.load(true);
    Map<String, Object> platform = Versions.platform(oneDnn);
    Map<String, String> versions = Versions.all();
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    MarkdownTable table = new MarkdownTable(List.of("machine", ""));
    table.add(List.of("processor", String.valueOf(platform.getOrDefault("cpu", "unknown"))));
    table.add(List.of("cores", platform.get("processors").toString()));
    table.add(List.of("instruction sets", String.join(" ", Versions.cpuFlags())));
    table.add(List.of("memory", text("%.0f GB", system.getTotalMemorySize() / 1e9)));
    table.add(List.of("operating system", platform.get("os") + ", " + platform.get("arch")));
    table.add(List.of("Java", versions.get("java")));
    table.add(
        List.of("TensorFlow", versions.get("tensorflow") + ", oneDNN " + (oneDnn ? "on" : "off")));
    out.print(table);
  }

  private String caption(String command) {
    return caption(command, Set.of(today()));
  }

  private static String caption(String command, Set<String> when) {
    return "`%s`, %s%n%n".formatted(command, String.join("; ", when));
  }

  private String today() {
    return LocalDate.now(ZoneOffset.UTC) + ", commit " + commit;
  }

  /** What git prints; empty outside of a repository. */
  private static String git(String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(ProjectFolder.path().toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? output.strip() : "";
    } catch (IOException e) {
      return ""; // git is not installed
    }
  }

  // ---- Full runs

  private String fullRuns(Part part, List<String> all) throws IOException, InterruptedException {
    String seedList =
        LongStream.of(seeds).mapToObj(String::valueOf).collect(Collectors.joining(", "));
    MarkdownTable table =
        new MarkdownTable(
            List.of(
                "stage",
                "best: median",
                "best: seeds " + seedList,
                "last: median",
                "last: seeds " + seedList,
                "time: median"));
    Set<String> when = new TreeSet<>();
    for (String experiment : ofTheStages(all)) {
      List<RunInfo.Results> results = new ArrayList<>();
      for (long seed : seeds) {
        results.add(train(experiment, seed));
        when.add(Files.readString(note(experiment, seed)));
      }
      double seconds =
          Column.median(results.stream().mapToDouble(RunInfo.Results::seconds).toArray());
      List<Measurement> best = results.stream().map(RunInfo.Results::bestTest).toList();
      List<Measurement> last = results.stream().map(RunInfo.Results::lastTest).toList();
      table.add(
          List.of(
              experiment,
              median(best),
              best.stream().map(Measurements::percent).collect(Collectors.joining(", ")),
              median(last),
              last.stream().map(Measurements::percent).collect(Collectors.joining(", ")),
              seconds < 120 ? text("%.0f s", seconds) : text("%.0f min", seconds / 60)));
    }
    return caption("make measurements ARGS=\"--only " + part + "\"", when) + table;
  }

  private List<String> ofTheStages(List<String> all) {
    List<String> names = stages.stream().map(Stage::name).toList();
    return all.stream().filter(experiment -> names.contains(experiment.split(" ")[0])).toList();
  }

  private static String median(List<Measurement> measurements) {
    double[] accuracies = measurements.stream().mapToDouble(Measurement::accuracy).toArray();
    return text("%.2f%%", 100 * Column.median(accuracies));
  }

  private static String percent(Measurement measurement) {
    return text("%.2f", 100 * measurement.accuracy());
  }

  /** The results of a run, which is made, or resumed, unless it is complete. */
  private RunInfo.Results train(String experiment, long seed)
      throws IOException, InterruptedException {
    RunFolder run = run(experiment, seed);
    if (!isCompleted(run)) {
      System.err.println(run.name() + " ...");
      List<String> arguments = new ArrayList<>(List.of(experiment.split(" ")));
      if (Files.isDirectory(run.path()) && Checkpoints.isIn(run.path())) {
        arguments.add("--resume=" + run.path());
      } else {
        FileTree.delete(run.path());
        arguments.add(dataFolder == null ? "--dataset=mnist" : "--data=" + dataFolder);
        arguments.addAll(List.of("--seed=" + seed, "--run-dir=" + run.path(), "--quiet"));
        if (iterations != null && !experiment.contains("--iterations")) {
          arguments.add("--iterations=" + iterations);
        }
      }
      program(Main.class, arguments);
      Files.writeString(note(experiment, seed), today());
    }
    return run.info().results();
  }

  private static boolean isCompleted(RunFolder run) throws IOException {
    return Files.exists(run.infoFile()) && RunInfo.COMPLETED.equals(run.info().status());
  }

  private RunFolder run(String experiment, long seed) {
    return new RunFolder(runs.resolve(name(experiment, seed)));
  }

  /** Keeps when a run was made, and from which commit. */
  private Path note(String experiment, long seed) {
    return runs.resolve(name(experiment, seed) + ".txt");
  }

  private static String name(String experiment, long seed) {
    return experiment.replace(" --", "-") + "-" + seed;
  }

  // ---- The view record

  private String recording() throws IOException, InterruptedException {
    MarkdownTable table =
        new MarkdownTable(
            List.of("stage", "without", "with", "with/without (least-most)", "record"));
    for (String experiment : ofTheStages(RECORDED)) {
      String recorded = experiment + " --record-view";
      double[] without = new double[PAIRS];
      double[] with = new double[PAIRS];
      double[] ratios = new double[PAIRS];
      for (int pair = 0; pair < PAIRS; pair++) {
        without[pair] = train(experiment, pair).seconds();
        with[pair] = train(recorded, pair).seconds();
        ratios[pair] = with[pair] / without[pair];
      }
      Arrays.sort(ratios);
      table.add(
          List.of(
              experiment,
              text("%.1f s", Column.median(without)),
              text("%.1f s", Column.median(with)),
              text("%.2f (%.2f-%.2f)", Column.median(ratios), ratios[0], ratios[PAIRS - 1]),
              text("%.1f MB", Files.size(run(recorded, 0).viewRecord()) / 1e6)));
    }
    return caption("make measurements ARGS=\"--only recording\"") + table;
  }

  // ---- What other programs measure

  private List<String> stageOptions() {
    List<String> options = new ArrayList<>();
    stages.forEach(stage -> options.add("--stage=" + stage.name()));
    if (dataFolder != null) {
      options.add("--data=" + dataFolder);
    }
    return options;
  }

  private String serving(Path model) throws IOException, InterruptedException {
    List<String> jvmOptions = new ArrayList<>(JavaProcess.inheritedOptions());
    jvmOptions.addAll(serverOptions);
    return Bench.outputOf(jvmOptions, LoadTest.class, List.of("--model=" + model));
  }

  private static String program(Class<?> main, List<String> arguments)
      throws IOException, InterruptedException {
    return Bench.outputOf(JavaProcess.inheritedOptions(), main, arguments);
  }
}
