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
 * Measures how fast the stages train and predict, and how much memory they take. Every round is a
 * process of its own, started like any run, so that nothing is warm that would not be.
 */
@Command(
    name = "mnist.bench.Bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures the speed and the memory of the stages, in training and in predicting; prints the"
            + " median of the rounds.")
public final class Bench implements Callable<Integer> {
  private static final String LONG_TRAINING = "1.0";
  private static final String LONG_PREDICTION = "2.1";
  private static final int PREDICTIONS = 10_000;
  private final PrintStream out;

  @Spec private CommandSpec spec;

  @Option(
      names = "--stage",
      paramLabel = "N",
      description = "Measure only this stage; may be given several times.")
  private List<Stage> chosen = new ArrayList<>();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Processes per stage, of each kind. Default: ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "500",
      description = "Last iteration of a round of training. Default: ${DEFAULT-VALUE}")
  private int iterations;

  @Option(
      names = "--long",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "Last iteration of the training of stage 1.0 that shows whether memory stays flat, 0 for"
              + " none. Default: ${DEFAULT-VALUE}")
  private int longTraining;

  @Option(
      names = "--predictions",
      paramLabel = "N",
      defaultValue = "1000000",
      description =
          "Predictions of stage 2.1, one image at a time, that show whether memory stays flat, 0 for"
              + " none. Default: ${DEFAULT-VALUE}")
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
          "Measure each stage here and in Python with the same kernels, in turns, and"
              + " print the ratios; COMMAND makes Python's environment. Default: ${FALLBACK-VALUE}")
  private String interpreter;

  @Option(names = "--json", description = "Print JSON, every round by itself.")
  private boolean json;

  @Option(names = "--round", hidden = true, description = "Be one round of training this stage.")
  private Stage round;

  @Option(names = "--model", hidden = true, description = "Be one round of predicting with this.")
  private Path model;

  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  /** Does what the arguments say; returns the exit code. */
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
    refuse(rounds < 1, "rounds must be 1 or more, found " + rounds);
    refuse(iterations < 1, "iterations must be 1 or more, found " + iterations);
    refuse(
        longTraining < 0,
        "iterations of the long training must be 0 or more, found " + longTraining);
    refuse(longPrediction < 0, "predictions must be 0 or more, found " + longPrediction);
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
      Comparison comparison = compareAll(chosen.isEmpty() ? Stages.all() : chosen);
      out.print(
          json
              ? Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(comparison) + "\n"
              : comparison.toText());
    } else {
      Findings findings = measureAll(chosen.isEmpty() ? Stages.all() : chosen);
      out.print(
          json
              ? Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(findings) + "\n"
              : findings.toText());
    }
    return CommandLine.ExitCode.OK;
  }

  private void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new ParameterException(spec.commandLine(), why);
    }
  }

  /** The option that says which data, if one was given. */
  private List<String> dataOption() {
    return dataFolder == null ? List.of() : List.of("--data=" + dataFolder);
  }

  private DataSet openData() throws IOException {
    try (DataConsole console = new DataConsole(System.err)) {
      return DataSets.ofThisProject(console).open(DataSource.AUTO, Optional.ofNullable(dataFolder));
    }
  }

  private Findings measureAll(List<Stage> stages) throws IOException, InterruptedException {
    Path models = Files.createTempDirectory("mnist-bench");
    try {
      for (Stage stage : stages) {
        leaveModel(stage, models);
      }
      Map<String, List<TrainingRound>> training = new LinkedHashMap<>();
      Map<String, List<PredictionRound>> prediction = new LinkedHashMap<>();
      for (int i = 0; i < rounds; i++) {
        for (Stage stage : stages) {
          training
              .computeIfAbsent(stage.name(), name -> new ArrayList<>())
              .add(train(stage.name(), iterations));
          prediction
              .computeIfAbsent(stage.name(), name -> new ArrayList<>())
              .add(predict(models.resolve(stage.name()), PREDICTIONS));
        }
      }
      return new Findings(
          iterations, PREDICTIONS, training, prediction, longTraining(), longPrediction(models));
    } finally {
      FileTree.delete(models);
    }
  }

  private Comparison compareAll(List<Stage> stages) throws IOException, InterruptedException {
    boolean oneDnn = NativeEnvironment.load(true);
    Path data = Path.of(openData().source());
    Path models = Files.createTempDirectory("mnist-bench");
    try {
      PythonReference python =
          PythonReference.open(
              ProjectFolder.path().resolve("python-reference"), interpreter, System.err);
      Map<String, List<Comparison.Round>> compared = new LinkedHashMap<>();
      for (Stage stage : stages) {
        leaveModel(stage, models);
        compared.put(stage.name(), new ArrayList<>());
      }
      for (int i = 0; i < rounds; i++) {
        for (Stage stage : stages) {
          Path itsModel = models.resolve(stage.name());
          PredictionRound prediction = predict(itsModel, PREDICTIONS);
          Comparison.Figures here =
              Comparison.Figures.of(train(stage.name(), iterations), prediction);
          compared
              .get(stage.name())
              .add(new Comparison.Round(here, inPython(python, stage, data, itsModel, oneDnn)));
        }
      }
      return new Comparison(iterations, PREDICTIONS, compared);
    } catch (CrossCheckException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      FileTree.delete(models);
    }
  }

  private Comparison.Figures inPython(
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
    return new Comparison.Figures(
        training.path("step_millis").asDouble(),
        training.path("first_step_ended").asDouble() - start,
        training.path("ended").asDouble() - start,
        training.path("peak_megabytes").asDouble(),
        prediction.path("median_millis").asDouble(),
        prediction.path("slowest_hundredth_millis").asDouble());
  }

  private Findings.LongTraining longTraining() throws IOException, InterruptedException {
    return longTraining == 0
        ? null
        : new Findings.LongTraining(
            LONG_TRAINING, longTraining, train(LONG_TRAINING, longTraining));
  }

  private Findings.LongPrediction longPrediction(Path models)
      throws IOException, InterruptedException {
    if (longPrediction == 0) {
      return null;
    }
    Path model = models.resolve(LONG_PREDICTION);
    if (!Files.exists(model)) {
      leaveModel(Stages.named(LONG_PREDICTION), models);
    }
    return new Findings.LongPrediction(
        LONG_PREDICTION, longPrediction, predict(model, longPrediction));
  }

  // ---- What the processes do

  /** Trains a stage for its model. */
  private void leaveModel(Stage stage, Path models) throws IOException, InterruptedException {
    inNewProcess(
        stage.getClass(),
        "--quiet",
        "--iterations=" + iterations,
        "--run-dir=" + models.resolve("run-" + stage.name()),
        "--export=" + models.resolve(stage.name()));
  }

  private TrainingRound train(String stage, int iterations, String... options)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("--round=" + stage, "--iterations=" + iterations));
    return Json.MAPPER.readValue(
        inNewProcess(Bench.class, arguments.toArray(String[]::new)), TrainingRound.class);
  }

  private PredictionRound predict(Path model, int predictions)
      throws IOException, InterruptedException {
    return Json.MAPPER.readValue(
        inNewProcess(Bench.class, "--model=" + model, "--predictions=" + predictions),
        PredictionRound.class);
  }

  private String inNewProcess(Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        JavaProcess.command(JavaProcess.inheritedOptions(), main.getName(), List.of(arguments));
    command.addAll(dataOption());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(main.getName() + " " + String.join(" ", arguments) + " failed");
    }
    return output;
  }
}
