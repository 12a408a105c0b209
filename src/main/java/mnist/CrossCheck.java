package mnist;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import mnist.console.ErrorLine;
import mnist.crosscheck.CrossCheckException;
import mnist.crosscheck.ExpectedRun;
import mnist.crosscheck.ModelComparison;
import mnist.crosscheck.PythonReference;
import mnist.crosscheck.ReferenceRun;
import mnist.crosscheck.RunOptions;
import mnist.crosscheck.StageComparison;
import mnist.data.DataSet;
import mnist.platform.FileTree;
import mnist.platform.NativeEnvironment;
import mnist.platform.ProjectFolder;
import mnist.run.DataConsole;
import mnist.sources.DataSets;
import mnist.sources.DataSource;
import mnist.training.Stage;
import mnist.training.TrainingException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Holds the stages against the same stages in Python: the graphs node by node, and the numbers of a
 * training on the same batches.
 */
@Command(
    name = "mnist.CrossCheck",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Builds and trains the stages in Python and in Java and says what is equal; exit code 1 if"
            + " anything is beyond its bound.")
public final class CrossCheck implements Callable<Integer> {
  private static final int SHORT = 200;
  private static final int BATCH_SIZE = 100;
  private static final long SEED = 0;

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Only this stage; may be given several times.")
  private List<String> chosen = new ArrayList<>();

  @Option(
      names = "--full",
      description = "All iterations of the tutorial instead of the first " + SHORT + ".")
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
      names = "--reference",
      paramLabel = "DIR",
      description = "Compare with the runs of the scripts in DIR/<stage> instead of running them.")
  private Path reference;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new CrossCheck())
            .setParameterExceptionHandler(
                (wrong, unparsed) -> ErrorLine.wrongOption(wrong, System.err))
            .execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    boolean good;
    try {
      NativeEnvironment.load(oneDnn);
      List<Stage> stages =
          chosen.isEmpty() ? Stages.all() : chosen.stream().map(Stages::named).toList();
      DataSet data;
      try (DataConsole console = new DataConsole(System.err)) {
        data =
            DataSets.ofThisProject(console).open(DataSource.MNIST, Optional.ofNullable(dataFolder));
      }
      good = check(stages, data);
    } catch (IllegalArgumentException e) {
      System.err.println("error: " + e.getMessage());
      return CommandLine.ExitCode.USAGE;
    } catch (CrossCheckException | TrainingException | IOException e) {
      return ErrorLine.notDone(e, System.err);
    }
    return good ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private boolean check(List<Stage> stages, DataSet data)
      throws CrossCheckException, TrainingException, IOException, InterruptedException {
    Path scripts = ProjectFolder.path().resolve("python-reference");
    PythonReference python = null;
    if (reference == null) {
      try {
        python = PythonReference.open(scripts, interpreter, System.out);
      } catch (CrossCheckException e) {
        System.out.println(e.getMessage());
        return checkExpected(stages, data, scripts.resolve("expected"));
      }
    }
    System.out.printf(
        "Java against Python, %s, oneDNN %s%n%n",
        full ? "full runs" : "the first " + SHORT + " iterations", oneDnn ? "on" : "off");
    System.out.println(
        "stage  graph      initial   gradients  accuracy  loss      lr        final     ms per step");
    System.out.println(
        "                  weights                                             weights   Java / Python");
    boolean good = true;
    List<Path> runs = new ArrayList<>();
    for (Stage stage : stages) {
      RunOptions options = options(stage, data);
      Path run =
          reference != null
              ? reference.resolve(options.stage())
              : trained(python, options, Path.of(data.source()));
      runs.add(run);
      Optional<Path> model = python == null ? Optional.empty() : Optional.of(javasModel(run));
      StageComparison found =
          StageComparison.of(stage, options, data, ReferenceRun.read(run, options), model);
      print(options.stage(), found);
      good &= found.withinBounds();
    }
    if (python != null) {
      good &= checkModels(stages, python, runs, data);
    }
    System.out.println();
    System.out.println(
        good
            ? "All within their bounds; \"equal\" is to the last bit."
            : "Something is beyond its bound; see the lines above.");
    return good;
  }

  // ---- The models

  /** Where the Java program's model goes, beside what the Python run left. */
  private static Path javasModel(Path run) {
    return run.resolve("java-model");
  }

  private boolean checkModels(
      List<Stage> stages, PythonReference python, List<Path> runs, DataSet data)
      throws CrossCheckException, IOException, InterruptedException {
    Path used = work().resolve("models");
    FileTree.delete(used);
    python.useModels(
        runs.stream().map(CrossCheck::javasModel).toList(), Path.of(data.source()), oneDnn, used);
    System.out.printf("%nTheir models, on the %,d test images%n%n", data.test().count());
    System.out.println(
        "stage  Java's:  run's   in Python  as bytes   saved_     TFLite: same   Python's:");
    System.out.println(
        "       accuracy best               in Python  model_cli  class of       in Java");
    boolean good = true;
    for (int i = 0; i < runs.size(); i++) {
      ModelComparison found =
          ModelComparison.of(javasModel(runs.get(i)), used, i, runs.get(i), data.test());
      System.out.printf(
          Locale.ROOT,
          "%5s  %-7s  %-6s  %-9s  %-9s  %-9s  %,-13d  %s%n",
          stages.get(i).name(),
          found.accuracy(),
          found.bestAccuracy(),
          found.inPython(),
          found.bytesEqual() ? "equal" : "differs",
          found.commandLineDifference() == 0
              ? "equal"
              : String.format(Locale.ROOT, "%.1e", found.commandLineDifference()),
          found.tfliteAgree(),
          found.inJava());
      good &= found.withinBounds();
    }
    return good;
  }

  // ---- The runs

  private RunOptions options(Stage stage, DataSet data) {
    return new RunOptions(
        stage.name(),
        full ? stage.schedule().iterations() : SHORT,
        BATCH_SIZE,
        SEED,
        data.sha256());
  }

  private Path trained(PythonReference python, RunOptions options, Path data)
      throws CrossCheckException, IOException, InterruptedException {
    Path folder = work().resolve(options.stage());
    FileTree.delete(folder);
    python.train(options.stage(), data, options.iterations(), oneDnn, folder);
    return folder;
  }

  private Path work() {
    return ProjectFolder.path()
        .resolve("target")
        .resolve("crosscheck")
        .resolve((oneDnn ? "onednn-on" : "onednn-off") + (full ? "-full" : ""));
  }

  private static void print(String stage, StageComparison found) {
    System.out.printf(
        Locale.ROOT,
        "%5s  %-9s  %-8s  %-9s  %-8s  %-8s  %-8s  %-8s  %.2f / %.2f%n",
        stage,
        found.graph().isEmpty() ? "identical" : "differs",
        found.initialWeights(),
        found.gradients(),
        found.accuracy(),
        found.loss(),
        found.learningRate(),
        found.finalWeights(),
        found.javaStepMillis(),
        found.pythonStepMillis());
    found.graph().ifPresent(difference -> System.out.println("       " + difference));
  }

  // ---- Without Python

  private boolean checkExpected(List<Stage> stages, DataSet data, Path expected)
      throws IOException, CrossCheckException, TrainingException {
    System.out.println("Checking against what Python found before, in " + expected);
    boolean good = true;
    for (Stage stage : stages) {
      String name = stage.name();
      ExpectedRun run = ExpectedRun.read(expected.resolve(name + ".json"));
      Optional<String> difference = run.firstDifference(stage, data, full);
      System.out.println(name + ": " + difference.orElse("as expected"));
      good &= difference.isEmpty();
    }
    return good;
  }
}
