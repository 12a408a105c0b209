package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import mnist.Stages;
import mnist.console.CliErrors;
import mnist.crosscheck.Conditions;
import mnist.crosscheck.CrossCheckException;
import mnist.crosscheck.ExpectedRun;
import mnist.crosscheck.ModelComparison;
import mnist.crosscheck.PythonReference;
import mnist.crosscheck.ReferenceRun;
import mnist.crosscheck.StageComparison;
import mnist.data.DataSet;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.platform.FileTree;
import mnist.platform.NativeEnvironment;
import mnist.platform.ProjectFolder;
import mnist.training.Stage;
import mnist.training.TrainingException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * Holds the stages against the same stages in Python: the graphs node by node, and the numbers of a
 * training on the same batches.
 */
@Command(
    name = "mnist.app.CrossCheck",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Builds and trains the stages in Python and in Java and says what is equal; exit code 1 if"
            + " anything is beyond its bound.")
public final class CrossCheck implements Callable<Integer> {
  private static final int SHORT = 100;

  /** Of the stages whose steps take a tenth of a second, and without oneDNN a quarter. */
  private static final int SHORT_OF_LONG_STEPS = 20;

  private static final int FEW_IMAGES = 1000;
  private static final int SHORT_WITHOUT_PYTHON = 50;

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Only this stage; may be given several times.")
  private List<Stage> stages = Stages.all();

  @Option(
      names = "--full",
      description =
          "All iterations of the tutorial instead of the first "
              + SHORT
              + " (of 4.2 and 5.0, "
              + SHORT_OF_LONG_STEPS
              + ").")
  private boolean full;

  @Option(names = "--onednn", description = "With oneDNN's kernels, in Java and in Python.")
  private boolean oneDnn;

  @Option(names = "--data", paramLabel = "DIR", description = "Folder with MNIST's four files.")
  private Path dataFolder;

  @Option(
      names = "--python",
      paramLabel = "COMMAND",
      defaultValue = "python3",
      description = "Python to make the environment with. Default: ${DEFAULT-VALUE}")
  private String interpreter;

  @Option(
      names = "--scripts",
      paramLabel = "DIR",
      description =
          "Folder with the scripts and what they found before. Default: the project's"
              + " python-reference.")
  private Path scripts = ProjectFolder.path().resolve("python-reference");

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description = "Compare with the runs of the scripts in DIR/<stage> instead of running them.")
  private Path reference;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new CrossCheck())
            .registerConverter(Stage.class, CrossCheck::stage)
            .setParameterExceptionHandler(
                (wrong, unparsed) -> CliErrors.reportWrongOption(wrong, System.err))
            .execute(args));
  }

  private static Stage stage(String name) {
    try {
      return Stages.named(name);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    try {
      oneDnn = NativeEnvironment.load(oneDnn); // which the user's environment may forbid
      boolean good = check(openData());
      return good ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    } catch (CrossCheckException
        | TrainingException
        | IOException
        | LinkageError
        | OutOfMemoryError e) {
      return CliErrors.report(e, System.err);
    }
  }

  private DataSet openData() throws IOException {
    try (DataConsole console = new DataConsole(System.err)) {
      return DataSets.ofThisProject(console)
          .open(DataSource.MNIST, Optional.ofNullable(dataFolder));
    }
  }

  private boolean check(DataSet data)
      throws CrossCheckException, TrainingException, IOException, InterruptedException {
    Optional<PythonReference> python = Optional.empty();
    if (reference == null) {
      try {
        python = Optional.of(PythonReference.open(scripts, interpreter, System.out));
      } catch (CrossCheckException e) {
        System.out.println(e.getMessage());
        return checkExpected(data);
      }
    }
    boolean good = checkTraining(data, python);
    if (python.isPresent()) {
      good &= checkModels(data, python.get());
    }
    System.out.println(
        good
            ? "\nAll within their bounds; \"equal\" is to the last bit."
            : "\nSomething is beyond its bound; see the lines above.");
    return good;
  }

  // ---- With Python, or what it left

  private boolean checkTraining(DataSet data, Optional<PythonReference> python)
      throws CrossCheckException, TrainingException, IOException, InterruptedException {
    System.out.printf(
        "Java against Python, %s, oneDNN %s%n%n%s%n",
        full
            ? "full runs"
            : "the first %d iterations (of 4.2 and 5.0, %d)".formatted(SHORT, SHORT_OF_LONG_STEPS),
        onOrOff(),
        StageComparison.HEADING);
    boolean good = true;
    for (Stage stage : stages) {
      Conditions conditions =
          Conditions.defaultValue(stage, full ? stage.schedule().iterations() : few(stage), data);
      Path run = run(stage);
      if (python.isPresent()) {
        FileTree.delete(run);
        python
            .get()
            .train(stage.name(), Path.of(data.source()), conditions.iterations(), oneDnn, run);
      }
      StageComparison found =
          StageComparison.of(
              stage,
              conditions,
              data,
              ReferenceRun.read(run, conditions),
              python.map(there -> javasModel(stage)));
      System.out.println(found.row(stage));
      good &= found.withinBounds();
    }
    return good;
  }

  private static int few(Stage stage) {
    return stage.isSlow() ? SHORT_OF_LONG_STEPS : SHORT;
  }

  private boolean checkModels(DataSet data, PythonReference python)
      throws CrossCheckException, IOException, InterruptedException {
    Path used = work().resolve("models");
    int asked = full ? data.test().count() : FEW_IMAGES;
    FileTree.delete(used);
    python.useModels(
        stages.stream().map(this::javasModel).toList(),
        Path.of(data.source()),
        asked,
        oneDnn,
        used);
    System.out.printf("%nTheir models, on %,d test images%n%n%s%n", asked, ModelComparison.HEADING);
    boolean good = true;
    for (int i = 0; i < stages.size(); i++) {
      Stage stage = stages.get(i);
      ModelComparison found =
          ModelComparison.of(javasModel(stage), used, i, run(stage), data.test(), asked);
      System.out.println(found.row(stage));
      good &= found.withinBounds();
    }
    return good;
  }

  /** The folder that Python's run of a stage leaves. */
  private Path run(Stage stage) {
    return (reference == null ? work() : reference).resolve(stage.name());
  }

  /** Where the Java program's model goes, beside what the Python run left. */
  private Path javasModel(Stage stage) {
    return run(stage).resolve("java-model");
  }

  private Path work() {
    return ProjectFolder.path()
        .resolve("target")
        .resolve("crosscheck")
        .resolve("onednn-" + onOrOff() + (full ? "-full" : ""));
  }

  private String onOrOff() {
    return oneDnn ? "on" : "off";
  }

  // ---- Without Python

  private boolean checkExpected(DataSet data) throws IOException, CrossCheckException {
    System.out.printf(
        "Java against what Python found before, %s, oneDNN %s%n%n",
        full ? "full runs" : "the first " + SHORT_WITHOUT_PYTHON + " measurements", onOrOff());
    boolean good = true;
    ExpectedRun.Platform here = ExpectedRun.Platform.here();
    int measurements = full ? Integer.MAX_VALUE : SHORT_WITHOUT_PYTHON;
    for (Stage stage : stages) {
      ExpectedRun expected = ExpectedRun.read(scripts.resolve("expected"), oneDnn, stage, data);
      Optional<String> difference = expected.firstDifference(stage, data, measurements, here);
      System.out.printf(
          "%s  %s%n",
          stage.name(), difference.orElseGet(() -> "as expected" + expected.reach(here)));
      good &= difference.isEmpty();
    }
    return good;
  }
}
