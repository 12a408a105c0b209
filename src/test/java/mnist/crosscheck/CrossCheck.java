package mnist.crosscheck;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import mnist.Stages;
import mnist.app.DataConsole;
import mnist.console.CommandLines;
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

/**
 * Compares the stages with the same stages in Python: the graphs node by node, and the numbers of a
 * training run on the same batches.
 */
@Command(
    name = "mnist.crosscheck.CrossCheck",
    description =
        "Builds and trains the stages in Python and in Java and compares them. Exit code 1 if any"
            + " difference exceeds its bound.")
public final class CrossCheck implements Callable<Integer> {
  private static final int ITERATIONS = 100;

  private static final int ITERATIONS_OF_SLOW_STAGES = 20;

  private static final int TEST_IMAGES = 1000;
  private static final int MEASUREMENTS_WITHOUT_PYTHON = 50;

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Check only this stage. Can be repeated.")
  private List<Stage> stages = Stages.all();

  @Option(
      names = "--full",
      description =
          "Train for all iterations of the stage instead of the first "
              + ITERATIONS
              + " ("
              + ITERATIONS_OF_SLOW_STAGES
              + " for 4.2 and 5.0).")
  private boolean full;

  @Option(names = "--onednn", description = "Use oneDNN's kernels in Java and in Python.")
  private boolean oneDnn;

  @Option(names = "--data", paramLabel = "DIR", description = "Folder with MNIST's four files.")
  private Path dataFolder;

  @Option(
      names = "--python",
      paramLabel = "COMMAND",
      defaultValue = "python3",
      description = "Python that creates the environment. Default: ${DEFAULT-VALUE}")
  private String interpreter;

  @Option(
      names = "--scripts",
      paramLabel = "DIR",
      description =
          "Folder with the Python scripts and their recorded results. Default: the project's"
              + " python-reference.")
  private Path scripts = ProjectFolder.path().resolve("python-reference");

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description = "Compare with the Python runs in DIR/<stage> instead of running the scripts.")
  private Path reference;

  public static void main(String[] args) {
    System.exit(
        CommandLines.create(new CrossCheck(), System.out, System.err)
            .registerConverter(Stage.class, Stages::named)
            .execute(args));
  }

  @Override
  public Integer call()
      throws CrossCheckException, TrainingException, IOException, InterruptedException {
    oneDnn = NativeEnvironment.load(oneDnn); // the user's environment takes precedence
    return check(openData()) ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
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
    boolean passed = checkTraining(data, python);
    if (python.isPresent()) {
      passed &= checkModels(data, python.get());
    }
    System.out.println(
        passed
            ? "\nAll within their bounds; \"equal\" means to the last bit."
            : "\nA difference exceeds its bound; see the lines above.");
    return passed;
  }

  // ---- With Python, or with its recorded runs

  private boolean checkTraining(DataSet data, Optional<PythonReference> python)
      throws CrossCheckException, TrainingException, IOException, InterruptedException {
    System.out.printf(
        "Java against Python, %s, oneDNN %s%n%n",
        full
            ? "full runs"
            : "the first %d iterations (%d for 4.2 and 5.0)"
                .formatted(ITERATIONS, ITERATIONS_OF_SLOW_STAGES),
        onOrOff());
    if (python.isPresent() && !full) {
      System.out.println("Training in Python first ...");
      trainInPython(python.get(), stages, data);
    }
    System.out.println(StageComparison.HEADING);
    boolean passed = true;
    for (Stage stage : stages) {
      if (python.isPresent() && full) {
        trainInPython(python.get(), List.of(stage), data);
      }
      Conditions conditions = Conditions.defaults(stage, iterations(stage), data);
      StageComparison comparison =
          StageComparison.of(
              stage,
              conditions,
              data,
              ReferenceRun.read(pythonRun(stage), conditions),
              python.map(present -> javaModel(stage)));
      System.out.println(comparison.row(stage));
      passed &= comparison.withinBounds();
    }
    return passed;
  }

  private void trainInPython(PythonReference python, List<Stage> stages, DataSet data)
      throws CrossCheckException, IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("--data=" + data.source(), "--out=" + work()));
    for (Stage stage : stages) {
      FileTree.delete(pythonRun(stage));
      arguments.add(stage.name() + ":" + iterations(stage));
    }
    python.run("train_stages.py", oneDnn, arguments);
  }

  private int iterations(Stage stage) {
    if (full) {
      return stage.schedule().iterations();
    }
    return stage.isSlow() ? ITERATIONS_OF_SLOW_STAGES : ITERATIONS;
  }

  private boolean checkModels(DataSet data, PythonReference python)
      throws CrossCheckException, IOException, InterruptedException {
    Path results = work().resolve("models");
    int images = full ? data.test().count() : TEST_IMAGES;
    FileTree.delete(results);
    List<String> arguments =
        new ArrayList<>(
            List.of("--data=" + data.source(), "--images=" + images, "--out=" + results));
    stages.forEach(stage -> arguments.add(javaModel(stage).toString()));
    python.run("models.py", oneDnn, arguments);
    System.out.printf(
        "%nTheir models, on %,d test images%n%n%s%n", images, ModelComparison.HEADING);
    boolean passed = true;
    for (int i = 0; i < stages.size(); i++) {
      Stage stage = stages.get(i);
      ModelComparison comparison =
          ModelComparison.of(javaModel(stage), results, i, pythonRun(stage), data.test(), images);
      System.out.println(comparison.row(stage));
      passed &= comparison.withinBounds();
    }
    return passed;
  }

  private Path pythonRun(Stage stage) {
    return (reference == null ? work() : reference).resolve(stage.name());
  }

  private Path javaModel(Stage stage) {
    return pythonRun(stage).resolve("java-model");
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
        "Java against Python's recorded results, %s, oneDNN %s%n%n",
        full ? "full runs" : "the first " + MEASUREMENTS_WITHOUT_PYTHON + " measurements",
        onOrOff());
    boolean passed = true;
    ExpectedRun.Platform current = ExpectedRun.Platform.current(oneDnn);
    int limit = full ? Integer.MAX_VALUE : MEASUREMENTS_WITHOUT_PYTHON;
    for (Stage stage : stages) {
      ExpectedRun expected = ExpectedRun.read(scripts.resolve("expected"), oneDnn, stage, data);
      Optional<String> difference = expected.firstDifference(stage, data, limit, current);
      System.out.printf(
          "%s  %s%n",
          stage.name(), difference.orElseGet(() -> "as expected" + expected.limitation(current)));
      passed &= difference.isEmpty();
    }
    return passed;
  }
}
