package mnist.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import mnist.Stages;
import mnist.app.DataConsole;
import mnist.app.Main;
import mnist.bench.BenchResults.MemoryTrend;
import mnist.console.CommandLines;
import mnist.crosscheck.CrossCheckException;
import mnist.crosscheck.PythonReference;
import mnist.data.DataSet;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.platform.FileTree;
import mnist.platform.JavaProcess;
import mnist.platform.Json;
import mnist.platform.NativeEnvironment;
import mnist.platform.ProjectFolder;
import mnist.training.Stage;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures how fast the stages train and predict, and how much memory they take. Every round runs
 * in a new JVM, so that no round profits from an earlier one.
 */
@Command(
    name = "mnist.bench.Bench",
    description =
        "Measures speed and memory of the stages in training and prediction; prints the median of"
            + " several rounds.")
public final class Bench implements Callable<Integer> {
  private static final String LONG_TRAINING = "1.0";
  private static final String LONG_PREDICTION = "2.1";
  private static final int PREDICTIONS = 10_000;

  private final PrintStream out;

  @Spec private CommandSpec spec;

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Measure only this stage; can be repeated. Default: all")
  private List<Stage> stages = Stages.all();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds of training and of prediction per stage. Default: ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "500",
      description = "Last iteration of a training round. Default: ${DEFAULT-VALUE}")
  private int iterations;

  @Option(
      names = "--long",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "Last iteration of a long training of stage 1.0 to see whether memory grows; 0 for none."
              + " Default: ${DEFAULT-VALUE}")
  private int longTraining;

  @Option(
      names = "--predictions",
      paramLabel = "N",
      defaultValue = "1000000",
      description =
          "Number of predictions of stage 2.1, one image at a time, to see whether memory grows; 0"
              + " for none. Default: ${DEFAULT-VALUE}")
  private int longPrediction;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder with the four IDX files. Default: as for a run")
  private Path dataFolder;

  @Option(
      names = "--python",
      arity = "0..1",
      fallbackValue = "python3",
      paramLabel = "COMMAND",
      description =
          "Alternate between Java and Python with the same kernels and print the ratios; COMMAND"
              + " creates Python's virtual environment. Default: ${FALLBACK-VALUE}")
  private String interpreter;

  @Option(names = "--json", description = "Print all rounds as JSON.")
  private boolean json;

  @Option(names = "--round", hidden = true, description = "Run one training round.")
  private Stage round;

  @Option(names = "--model", hidden = true, description = "Run one prediction round.")
  private Path model;

  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  /** Runs the program in this process and returns its exit code. */
  static int run(PrintStream out, PrintStream err, String... args) {
    return CommandLines.create(new Bench(out), out, err)
        .registerConverter(Stage.class, Stages::named)
        .execute(args);
  }

  private Bench(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireAtLeast(1, rounds, "--rounds");
    requireAtLeast(1, iterations, "--iterations");
    requireAtLeast(0, longTraining, "--long");
    requireAtLeast(0, longPrediction, "--predictions");
    if (round != null) {
      Optional<TrainingRound> measured =
          TrainingRound.measure(round, iterations, dataOption().toArray(String[]::new));
      if (measured.isEmpty()) {
        return CommandLine.ExitCode.SOFTWARE;
      }
      out.println(Json.MAPPER.writeValueAsString(measured.get()));
    } else if (model != null) {
      out.println(
          Json.MAPPER.writeValueAsString(
              PredictionRound.measure(model, openData().test(), longPrediction)));
    } else if (interpreter != null) {
      Comparison comparison = compareAll();
      print(comparison, comparison.toText());
    } else {
      BenchResults results = measureAll();
      print(results, results.toText());
    }
    return CommandLine.ExitCode.OK;
  }

  private void print(Object results, String text) throws IOException {
    out.print(
        json
            ? Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(results) + "\n"
            : text);
  }

  private void requireAtLeast(int minimum, int found, String name) {
    if (found < minimum) {
      throw new ParameterException(
          spec.commandLine(), "%s must be %d or more, found %d".formatted(name, minimum, found));
    }
  }

  private List<String> dataOption() {
    return dataFolder == null ? List.of() : List.of("--data=" + dataFolder);
  }

  private DataSet openData() throws IOException {
    try (DataConsole console = new DataConsole(System.err)) {
      return DataSets.ofThisProject(console).open(DataSource.AUTO, Optional.ofNullable(dataFolder));
    }
  }

  private BenchResults measureAll() throws IOException, InterruptedException {
    Path models = Files.createTempDirectory("mnist-bench");
    try {
      Map<String, List<TrainingRound>> training = new LinkedHashMap<>();
      Map<String, List<PredictionRound>> prediction = new LinkedHashMap<>();
      for (Stage stage : stages) {
        exportModel(stage, models);
        training.put(stage.name(), new ArrayList<>());
        prediction.put(stage.name(), new ArrayList<>());
      }
      for (int i = 0; i < rounds; i++) {
        for (Stage stage : stages) {
          training.get(stage.name()).add(train(stage.name(), iterations));
          prediction.get(stage.name()).add(predict(models.resolve(stage.name()), PREDICTIONS));
        }
      }
      return new BenchResults(
          iterations, PREDICTIONS, training, prediction, longTraining(), longPrediction(models));
    } finally {
      FileTree.delete(models);
    }
  }

  private MemoryTrend longTraining() throws IOException, InterruptedException {
    if (longTraining == 0) {
      return null;
    }
    TrainingRound round = train(LONG_TRAINING, longTraining);
    return new MemoryTrend(
        LONG_TRAINING, longTraining + 1, round.earlyMegabytes(), round.lateMegabytes());
  }

  private MemoryTrend longPrediction(Path models) throws IOException, InterruptedException {
    if (longPrediction == 0) {
      return null;
    }
    Path model = models.resolve(LONG_PREDICTION);
    if (!Files.exists(model)) {
      exportModel(Stages.named(LONG_PREDICTION), models);
    }
    PredictionRound round = predict(model, longPrediction);
    return new MemoryTrend(
        LONG_PREDICTION, longPrediction, round.earlyMegabytes(), round.lateMegabytes());
  }

  private Comparison compareAll() throws IOException, InterruptedException {
    boolean oneDnn = NativeEnvironment.load(true);
    Path data = Path.of(openData().source());
    Path models = Files.createTempDirectory("mnist-bench");
    try {
      PythonReference python =
          PythonReference.open(
              ProjectFolder.path().resolve("python-reference"), interpreter, System.err);
      Map<String, List<Comparison.Round>> compared = new LinkedHashMap<>();
      for (Stage stage : stages) {
        exportModel(stage, models);
        compared.put(stage.name(), new ArrayList<>());
      }
      for (int i = 0; i < rounds; i++) {
        for (Stage stage : stages) {
          Path model = models.resolve(stage.name());
          PredictionRound prediction = predict(model, PREDICTIONS);
          Comparison.Values java =
              Comparison.Values.of(train(stage.name(), iterations), prediction);
          compared
              .get(stage.name())
              .add(new Comparison.Round(java, inPython(python, stage, data, model, oneDnn)));
        }
      }
      return new Comparison(iterations, PREDICTIONS, compared);
    } catch (CrossCheckException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      FileTree.delete(models);
    }
  }

  private Comparison.Values inPython(
      PythonReference python, Stage stage, Path data, Path model, boolean oneDnn)
      throws CrossCheckException, IOException, InterruptedException {
    double start = System.currentTimeMillis() / 1000.0;
    String trainingTimes =
        python.run(
            "mnist_" + stage.name() + ".py",
            oneDnn,
            List.of("--times", "--data=" + data, "--iterations=" + iterations));
    String predictionTimes =
        python.run(
            "time_predictions.py",
            oneDnn,
            List.of("--data=" + data, "--predictions=" + PREDICTIONS, model.toString()));
    JsonNode training = Json.MAPPER.readTree(trainingTimes);
    JsonNode prediction = Json.MAPPER.readTree(predictionTimes);
    return new Comparison.Values(
        training.path("step_millis").asDouble(),
        training.path("first_step_ended").asDouble() - start,
        training.path("ended").asDouble() - start,
        training.path("peak_megabytes").asDouble(),
        prediction.path("median_millis").asDouble(),
        prediction.path("slowest_hundredth_millis").asDouble());
  }

  private void exportModel(Stage stage, Path models) throws IOException, InterruptedException {
    runInNewProcess(
        Main.class,
        stage.name(),
        "--quiet",
        "--iterations=" + iterations,
        "--run-dir=" + models.resolve("run-" + stage.name()),
        "--export=" + models.resolve(stage.name()));
  }

  private TrainingRound train(String stage, int iterations)
      throws IOException, InterruptedException {
    String output = runInNewProcess(Bench.class, "--round=" + stage, "--iterations=" + iterations);
    return Json.MAPPER.readValue(output, TrainingRound.class);
  }

  private PredictionRound predict(Path model, int predictions)
      throws IOException, InterruptedException {
    String output =
        runInNewProcess(Bench.class, "--model=" + model, "--predictions=" + predictions);
    return Json.MAPPER.readValue(output, PredictionRound.class);
  }

  private String runInNewProcess(Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(dataOption());
    return outputOf(JavaProcess.inheritedOptions(), main, all);
  }

  /**
   * Runs a program in a new JVM and returns its standard output.
   *
   * @throws IOException if it fails
   */
  static String outputOf(List<String> jvmOptions, Class<?> main, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = JavaProcess.command(jvmOptions, main.getName(), arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(main.getName() + " " + String.join(" ", arguments) + " failed");
    }
    return output;
  }
}
