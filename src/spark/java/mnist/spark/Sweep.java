package mnist.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.ObjIntConsumer;
import java.util.regex.Pattern;
import mnist.Stages;
import mnist.app.DataConsole;
import mnist.app.Training;
import mnist.console.CommandLines;
import mnist.data.DataSet;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.platform.AtomicFile;
import mnist.platform.Sha256;
import mnist.runs.RunFolders;
import mnist.training.Stage;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import scala.Function1;
import scala.Function2;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/** Trains a stage with every combination of some options, in parallel, and compares the runs. */
@Command(
    name = "mnist.spark.Sweep",
    description =
        "Trains a stage with every combination of some options, one run per core at a time. Writes"
            + " the runs' folders, tables and a plot. If restarted, it trains only what is missing.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:failure of the sweep or of a run, explained in the output",
      "2:wrong option"
    })
public final class Sweep implements Callable<Integer> {
  /** Options that a sweep sets itself, and interactive ones. */
  private static final Pattern UNSUPPORTED =
      Pattern.compile(
          "--(run-dir|resume|export|overwrite|view|view-port|graph|quiet|help|version)|-[hV]");

  @Spec private CommandSpec spec;

  @Option(
      names = "--stage",
      paramLabel = "N",
      required = true,
      description = "The stage, such as 2.1.")
  private Stage stage;

  @Option(
      names = "--grid",
      paramLabel = "OPTIONS",
      required = true,
      description =
          "Options of the stage with comma-separated values, or integers as first..last, such as"
              + " \"--learning-rate 0.001,0.003 --seed 0..4\".")
  private Grid grid;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Folder for the sweep; must be new, or that of the same sweep to resume. Default:"
              + " runs/sweep-<stage>-<hash of the options>")
  private Path out;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Cores per run and threads per operation. Default: one core and one thread; in"
              + " convolutional stages as many threads as a single run uses, since the last bits of"
              + " their results depend on it.")
  private Integer threads;

  @Mixin private Cluster cluster = new Cluster();

  @Parameters(
      paramLabel = "-- OPTIONS",
      description = "More options of the stage, the same for all runs.")
  private List<String> common = new ArrayList<>();

  private final PrintStream console;
  private final PrintStream err;

  private Sweep(PrintStream console, PrintStream err) {
    this.console = console;
    this.err = err;
  }

  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(run(System.out, System.err, args));
  }

  /** Runs the program; returns its exit code. */
  public static int run(PrintStream console, PrintStream err, String... args) {
    return CommandLines.create(new Sweep(console, err), console, err)
        .registerConverter(Stage.class, Stages::named)
        .registerConverter(Grid.class, Grid::parse)
        .execute(args);
  }

  @Override
  public Integer call() throws IOException, SparkException {
    check(threads == null || threads >= 1, "--threads must be 1 or more, found " + threads);
    for (String option : gridAndCommonOptions()) {
      boolean supported = !UNSUPPORTED.matcher(option.split("=", 2)[0]).matches();
      check(supported, option + " is not supported in a sweep");
    }
    List<Trial> trials = trials(Path.of("").toAbsolutePath(), List.of());
    for (Trial trial : trials) {
      Optional<String> refusal = Training.refusal(stage, trial.options().toArray(String[]::new));
      check(refusal.isEmpty(), refusal.orElse(""));
    }
    check(
        Set.copyOf(trials.stream().map(Trial::name).toList()).size() == trials.size(),
        "some values differ only in characters that cannot be part of a folder's name");
    ObjectNode description = SweepFolder.description(stage.name(), threadsPerTrial(), trials);
    if (out == null) { // the same for the same options, so that a restarted sweep resumes
      String hash = Sha256.of(description.toString().getBytes(StandardCharsets.UTF_8));
      out = Path.of(RunFolders.DEFAULT, "sweep-" + stage.name() + "-" + hash.substring(0, 8));
    }
    List<String> data = dataOptions(description.putObject("data"));
    try (SweepFolder folder = SweepFolder.open(out.toAbsolutePath().normalize(), description)) {
      List<Trial> placed = trials(folder.path(), data);
      return report(folder, SweepTable.of(grid, placed, train(placed)));
    }
  }

  private void check(boolean valid, String error) {
    if (!valid) {
      throw new ParameterException(spec.commandLine(), error);
    }
  }

  private Set<String> gridAndCommonOptions() {
    Set<String> options = new TreeSet<>(grid.values().keySet());
    options.addAll(common);
    return options;
  }

  /**
   * Numbers of convolutional stages depend on how many threads an operation runs on: the gradients
   * of a convolution are added up in as many parts.
   */
  private int threadsPerTrial() {
    return threads != null ? threads : stage.isConvolutional() ? 0 : 1;
  }

  private List<Trial> trials(Path folder, List<String> data) {
    List<Trial> trials = new ArrayList<>();
    for (Map<String, String> values : grid.combinations()) {
      List<String> options = new ArrayList<>(common);
      options.addAll(data);
      StringBuilder name = new StringBuilder(stage.name());
      values.forEach(
          (option, value) -> {
            options.add(value.isEmpty() ? option : option + "=" + value);
            if (grid.varying().contains(option)) {
              name.append('-').append(option.substring(2)).append('-');
              name.append(value.replaceAll("[^A-Za-z0-9._-]", "_"));
            }
          });
      trials.add(
          new Trial(
              name.toString(),
              stage.name(),
              values,
              options,
              folder.resolve(name.toString()).toString(),
              threadsPerTrial()));
    }
    return trials;
  }

  /**
   * Finds, downloads or draws the data set that all runs share, unless the user's options select
   * one.
   *
   * @param sha256 receives the hashes of its files, by name
   * @return the options that select it
   */
  private List<String> dataOptions(ObjectNode sha256) throws IOException {
    if (gridAndCommonOptions().stream().anyMatch(option -> option.matches("--data(set)?(=.*)?"))) {
      return List.of();
    }
    try (DataConsole console = new DataConsole(err)) {
      DataSet data = DataSets.ofThisProject(console).open(DataSource.AUTO, Optional.empty());
      data.sha256().forEach(sha256::put);
      return data.name().equals(DataSource.SYNTHETIC.toString())
          ? List.of("--dataset=" + data.name())
          : List.of("--data=" + data.source());
    }
  }

  // ---- Runs

  /** Trains the runs that are not done yet; returns the errors of failed ones by name. */
  private Map<String, String> train(List<Trial> trials) throws IOException, SparkException {
    List<Trial> missing = new ArrayList<>();
    for (Trial trial : trials) {
      if (!trial.isDone()) {
        missing.add(trial);
      }
    }
    console.printf(
        Locale.ROOT,
        "Stage %s: %d runs, %d of them to train%n",
        stage.name(),
        trials.size(),
        missing.size());
    Map<String, String> errors = new HashMap<>();
    if (missing.isEmpty()) {
      return errors;
    }
    int[] completed = new int[1];
    int cores = threads == null ? 1 : threads;
    try (SparkSession spark = cluster.open("mnist sweep " + stage.name(), cores);
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext())) {
      runTrials(
          context.parallelize(missing, missing.size()),
          (error, index) -> {
            Trial trial = missing.get(index);
            if (!error.isEmpty()) {
              errors.put(trial.name(), error);
            }
            console.printf(
                Locale.ROOT,
                "%d of %d: %s %s%n",
                ++completed[0],
                missing.size(),
                trial.name(),
                error.isEmpty() ? summary(trial) : "failed: " + error);
          });
    }
    return errors;
  }

  private static String summary(Trial trial) {
    try {
      TrialResult result = TrialResult.read(Path.of(trial.folder()));
      return String.format(
          Locale.ROOT,
          "best %.2f%%, last %.2f%%, %.1f s",
          100 * result.best(),
          100 * result.last(),
          result.seconds());
    } catch (IOException e) {
      return "trained";
    }
  }

  /**
   * Runs a task per trial. Spark's Java API would report nothing before the last one ends.
   *
   * @param onCompleted receives the error or "", and the index of the trial
   */
  private static void runTrials(JavaRDD<Trial> trials, ObjIntConsumer<String> onCompleted) {
    Function1<Iterator<Trial>, String> train =
        (Function1<Iterator<Trial>, String> & Serializable) partition -> partition.next().run();
    Function2<Object, String, BoxedUnit> report =
        (index, error) -> {
          onCompleted.accept(error, (Integer) index);
          return BoxedUnit.UNIT;
        };
    trials
        .context()
        .runJob(trials.rdd(), train, report, ClassTag$.MODULE$.<String>apply(String.class));
  }

  // ---- Results

  private int report(SweepFolder folder, SweepTable table) throws IOException {
    folder.write("sweep.csv", table.toCsv());
    folder.write("trials.csv", table.trialsToCsv());
    folder.write("sweep.md", table.toMarkdown());
    AtomicFile.write(folder.path().resolve("sweep.png"), SweepPlot.toPng(stage.name(), table));
    console.println();
    console.print(table.toMarkdown());
    console.println();
    console.println("Runs, tables and plot in " + folder.path());
    return table.failures().isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }
}
