package mnist.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import mnist.Stages;
import mnist.app.DataConsole;
import mnist.app.Training;
import mnist.console.CommandLines;
import mnist.data.DataSet;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
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

/** The command line of a sweep. */
@Command(
    name = "mnist.spark.Sweep",
    description =
        "Trains a stage with every combination of some options, as many runs at once as there are"
            + " cores; leaves the runs' folders, tables and a plot. Started again, it does what is"
            + " missing.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all runs are trained",
      "1:could not be done, or a run failed; lines say which and why",
      "2:a wrong option"
    })
public final class SweepCommand implements Callable<Integer> {
  /** What a sweep settles by itself, or what has no use without somebody looking. */
  private static final Set<String> REFUSED =
      Set.of(
          "--run-dir",
          "--resume",
          "--export",
          "--overwrite",
          "--view",
          "--view-port",
          "--graph",
          "--quiet",
          "--help",
          "-h",
          "--version",
          "-V");

  @Spec private CommandSpec spec;

  @Option(names = "--stage", paramLabel = "N", required = true, description = "Such as 2.1.")
  private Stage stage;

  @Option(
      names = "--grid",
      paramLabel = "OPTIONS",
      required = true,
      description =
          "Options of the stage with values divided by commas, whole numbers also as first..last:"
              + " \"--learning-rate 0.001,0.003 --seed 0..4\".")
  private Grid grid;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "The sweep's folder, new, or this sweep's of before. Default: runs/sweep-<stage>-<digits>,"
              + " the same for the same options")
  private Path out;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Cores for each run, and threads for each of its operations. Default: one core; one thread"
              + " in stages 1.0 to 2.2, 4.0 and 4.1, in the others as many as in a run by hand, whose"
              + " last bits they change there.")
  private Integer threads;

  @Mixin private Cluster cluster = new Cluster();

  @Parameters(
      paramLabel = "-- OPTIONS",
      description = "Further options of the stage, the same for all runs.")
  private List<String> common = new ArrayList<>();

  private final PrintStream screen;
  private final PrintStream err;

  private SweepCommand(PrintStream screen, PrintStream err) {
    this.screen = screen;
    this.err = err;
  }

  /** Does what the arguments say; gives the exit code. */
  public static int run(PrintStream screen, PrintStream err, String... args) {
    return CommandLines.create(new SweepCommand(screen, err), screen, err)
        .registerConverter(Stage.class, Stages::named)
        .registerConverter(Grid.class, Grid::parse)
        .execute(args);
  }

  @Override
  public Integer call() throws IOException, SparkException {
    refuse(threads != null && threads < 1, "--threads must be 1 or more, found " + threads);
    for (String option : union(grid.values().keySet(), common)) {
      refuse(
          REFUSED.contains(option.split("=", 2)[0]),
          option + " has no use in a sweep, whose runs have their places and nobody who looks on");
    }
    List<Trial> trials = trials(Path.of("").toAbsolutePath(), List.of());
    for (Trial trial : trials) {
      Optional<String> refusal = Training.refusal(stage, trial.options().toArray(String[]::new));
      refuse(refusal.isPresent(), refusal.orElse(""));
    }
    refuse(
        Set.copyOf(trials.stream().map(Trial::name).toList()).size() < trials.size(),
        "values that differ only in signs that no folder's name has cannot be told apart");
    ObjectNode description = SweepFolder.description(stage.name(), threadsOfTrial(), trials);
    Path path = out != null ? out : usual(description.toString());
    Images images = images();
    images.sha256().forEach(description.putObject("data")::put);
    try (SweepFolder folder = SweepFolder.open(path.toAbsolutePath().normalize(), description)) {
      List<Trial> placed = trials(folder.path(), images.options());
      Map<String, String> failed = train(placed);
      return tell(folder, SweepTable.of(grid, placed, failed));
    }
  }

  private void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new ParameterException(spec.commandLine(), why);
    }
  }

  private static Set<String> union(Collection<String> some, Collection<String> others) {
    Set<String> all = new TreeSet<>(some);
    all.addAll(others);
    return all;
  }

  /** The same options lead to the same folder, so that a sweep started again goes on. */
  private Path usual(String description) {
    String digits = Sha256.of(description.getBytes(StandardCharsets.UTF_8)).substring(0, 8);
    return Path.of(RunFolders.DEFAULT, "sweep-%s-%s".formatted(stage.name(), digits));
  }

  /**
   * Numbers of convolutional stages depend on how many threads an operation runs on: the gradients
   * of a convolution are added up in as many parts.
   */
  private int threadsOfTrial() {
    return threads != null ? threads : stage.isConvolutional() ? 0 : 1;
  }

  private List<Trial> trials(Path folder, List<String> data) {
    List<Trial> trials = new ArrayList<>();
    for (Map<String, String> chosen : grid.combinations()) {
      List<String> options = new ArrayList<>(common);
      options.addAll(data);
      StringBuilder name = new StringBuilder(stage.name());
      chosen.forEach(
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
              chosen,
              options,
              folder.resolve(name.toString()).toString(),
              threadsOfTrial()));
    }
    return trials;
  }

  /**
   * What all runs train on, if their options do not say.
   *
   * @param options that lead a run there
   * @param sha256 of the files, by name
   */
  private record Images(List<String> options, Map<String, String> sha256) {}

  /**
   * Where the images are, for processes that may look for them elsewhere: found, downloaded or
   * drawn once, before the first run.
   */
  private Images images() throws IOException {
    boolean chosen =
        union(grid.values().keySet(), common).stream()
            .anyMatch(option -> option.matches("--data(set)?(=.*)?"));
    if (chosen) {
      return new Images(List.of(), Map.of());
    }
    try (DataConsole console = new DataConsole(err)) {
      DataSet data = DataSets.ofThisProject(console).open(DataSource.AUTO, Optional.empty());
      return new Images(
          data.name().equals(DataSource.SYNTHETIC.toString())
              ? List.of("--dataset=" + data.name())
              : List.of("--data=" + data.source()),
          data.sha256());
    }
  }

  // ---- The runs

  /** Trains what is not trained yet; gives the reasons of those that failed, by name. */
  private Map<String, String> train(List<Trial> trials) throws IOException, SparkException {
    List<Trial> missing = new ArrayList<>();
    for (Trial trial : trials) {
      if (!trial.isDone()) {
        missing.add(trial);
      }
    }
    screen.printf(
        Locale.ROOT,
        "Stage %s: %d runs, %d of them to be trained%n",
        stage.name(),
        trials.size(),
        missing.size());
    Map<String, String> failed = new HashMap<>();
    if (missing.isEmpty()) {
      return failed;
    }
    int[] ended = new int[1];
    try (SparkSession spark = cluster.open("mnist sweep " + stage.name(), coresOfTrial());
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext())) {
      eachEnded(
          context.parallelize(missing, missing.size()),
          (index, reason) -> {
            Trial trial = missing.get(index);
            if (!reason.isEmpty()) {
              failed.put(trial.name(), reason);
            }
            screen.printf(
                Locale.ROOT,
                "%d of %d: %s %s%n",
                ++ended[0],
                missing.size(),
                trial.name(),
                reason.isEmpty() ? figures(trial) : "failed: " + reason);
          });
    }
    return failed;
  }

  private int coresOfTrial() {
    return threads == null ? 1 : threads;
  }

  private static String figures(Trial trial) {
    try {
      TrialRecord record = TrialRecord.of(Path.of(trial.folder()));
      return String.format(
          Locale.ROOT,
          "best %.2f%%, last %.2f%%, %.1f s",
          100 * record.best().orElse(Double.NaN),
          100 * record.last().orElse(Double.NaN),
          record.seconds().orElse(Double.NaN));
    } catch (IOException e) {
      return "trained";
    }
  }

  /** Hears of a trial as it ends. */
  private interface Listener {
    void ended(int index, String reason);
  }

  /** One task a trial. Java's own interface would say nothing before the last has ended. */
  private static void eachEnded(JavaRDD<Trial> trials, Listener listener) {
    Function1<Iterator<Trial>, String> train =
        (Function1<Iterator<Trial>, String> & Serializable) one -> one.next().run();
    Function2<Object, String, BoxedUnit> tell =
        (index, reason) -> {
          listener.ended((Integer) index, reason);
          return BoxedUnit.UNIT;
        };
    trials
        .context()
        .runJob(trials.rdd(), train, tell, ClassTag$.MODULE$.<String>apply(String.class));
  }

  // ---- What a sweep leaves

  private int tell(SweepFolder folder, SweepTable table) throws IOException {
    folder.write("sweep.csv", table.toCsv());
    folder.write("trials.csv", table.trialsToCsv());
    folder.write("sweep.md", table.toMarkdown());
    folder.write("sweep.png", SweepPlot.png(stage.name(), table));
    screen.println();
    screen.print(table.toMarkdown());
    screen.println();
    screen.println("Runs, tables and plot in " + folder.path());
    return table.failed().isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }
}
