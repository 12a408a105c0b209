package mnist;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import mnist.bench.PredictionRound;
import mnist.bench.TrainingRound;
import mnist.console.ErrorLine;
import mnist.data.DataSet;
import mnist.platform.FileTree;
import mnist.platform.Reason;
import mnist.run.DataConsole;
import mnist.sources.DataSets;
import mnist.sources.DataSource;
import mnist.training.Stage;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures how fast the stages train and predict, and how much memory they take. Every round is a
 * process of its own, started like any run, so that nothing is warm that would not be.
 */
@Command(
    name = "mnist.Bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures the speed and the memory of the stages, in training and in predicting; prints the"
            + " median of the rounds.")
public final class Bench implements Callable<Integer> {
  private static final String LONG_TRAINING = "1.0";
  private static final String LONG_PREDICTION = "2.1";
  private static final int PREDICTIONS = 10_000;
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

  @Option(names = "--json", description = "Print JSON, every round by itself.")
  private boolean json;

  @Option(names = "--round", hidden = true, description = "Be one round of training this stage.")
  private String round;

  @Option(names = "--model", hidden = true, description = "Be one round of predicting with this.")
  private Path model;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Bench())
            .setParameterExceptionHandler(
                (wrong, unparsed) -> ErrorLine.wrongOption(wrong, System.err))
            .setExecutionExceptionHandler(
                (e, commandLine, parsed) -> {
                  System.err.println("error: " + Reason.inOneLine(e));
                  return e instanceof IllegalArgumentException
                      ? CommandLine.ExitCode.USAGE
                      : CommandLine.ExitCode.SOFTWARE;
                })
            .execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (round != null) {
      Optional<TrainingRound> measured = TrainingRound.measure(Stages.named(round), iterations);
      if (measured.isPresent()) {
        System.out.println(JSON.writeValueAsString(measured.get()));
      }
      return measured.isPresent() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
    if (model != null) {
      System.out.println(
          JSON.writeValueAsString(
              PredictionRound.measure(model, openData().test(), longPrediction)));
      return CommandLine.ExitCode.OK;
    }
    if (rounds < 1 || iterations < 1 || longTraining < 0 || longPrediction < 0) {
      throw new IllegalArgumentException(
          "--rounds and --iterations must be 1 or more, --long and --predictions 0 or more");
    }
    measureAll();
    return CommandLine.ExitCode.OK;
  }

  private static DataSet openData() throws IOException {
    try (DataConsole console = new DataConsole(System.err)) {
      return DataSets.ofThisProject(console).open(DataSource.AUTO, Optional.empty());
    }
  }

  private void measureAll() throws IOException, InterruptedException {
    List<String> stages =
        chosen.isEmpty()
            ? Stages.all().stream().map(Stage::name).toList()
            : chosen.stream().map(name -> Stages.named(name).name()).toList();
    Path models = Files.createTempDirectory("mnist-bench");
    try {
      Map<String, List<TrainingRound>> training = new LinkedHashMap<>();
      Map<String, List<PredictionRound>> prediction = new LinkedHashMap<>();
      for (String stage : stages) {
        leaveModel(stage, models);
      }
      for (int i = 0; i < rounds; i++) {
        for (String stage : stages) {
          training.computeIfAbsent(stage, s -> new ArrayList<>()).add(train(stage, iterations));
          prediction
              .computeIfAbsent(stage, s -> new ArrayList<>())
              .add(predict(models.resolve(stage), PREDICTIONS));
        }
      }
      Optional<TrainingRound> longTrained =
          longTraining == 0 ? Optional.empty() : Optional.of(train(LONG_TRAINING, longTraining));
      Optional<PredictionRound> longPredicted = Optional.empty();
      if (longPrediction > 0) {
        if (!stages.contains(LONG_PREDICTION)) {
          leaveModel(LONG_PREDICTION, models);
        }
        longPredicted = Optional.of(predict(models.resolve(LONG_PREDICTION), longPrediction));
      }
      if (json) {
        printJson(training, prediction, longTrained, longPredicted);
      } else {
        print(training, prediction, longTrained, longPredicted);
      }
    } finally {
      FileTree.delete(models);
    }
  }

  // ---- What the processes do

  /** Trains a stage for its model. */
  private void leaveModel(String stage, Path models) throws IOException, InterruptedException {
    inNewProcess(
        Stages.named(stage).getClass(),
        "--quiet",
        "--iterations=" + iterations,
        "--run-dir=" + models.resolve("run-" + stage),
        "--export=" + models.resolve(stage));
  }

  private static TrainingRound train(String stage, int iterations)
      throws IOException, InterruptedException {
    return JSON.readValue(
        inNewProcess(Bench.class, "--round=" + stage, "--iterations=" + iterations),
        TrainingRound.class);
  }

  private static PredictionRound predict(Path model, int predictions)
      throws IOException, InterruptedException {
    return JSON.readValue(
        inNewProcess(Bench.class, "--model=" + model, "--predictions=" + predictions),
        PredictionRound.class);
  }

  private static String inNewProcess(Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(main.getName() + " " + String.join(" ", arguments) + " failed");
    }
    return output;
  }

  // ---- What is printed

  private void printJson(
      Map<String, List<TrainingRound>> training,
      Map<String, List<PredictionRound>> prediction,
      Optional<TrainingRound> longTrained,
      Optional<PredictionRound> longPredicted)
      throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("iterations", iterations);
    all.put("training", training);
    all.put("prediction", prediction);
    longTrained.ifPresent(
        found -> all.put("long_training", Map.of("iterations", longTraining, "round", found)));
    longPredicted.ifPresent(
        found -> all.put("long_prediction", Map.of("predictions", longPrediction, "round", found)));
    System.out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all));
  }

  private void print(
      Map<String, List<TrainingRound>> training,
      Map<String, List<PredictionRound>> prediction,
      Optional<TrainingRound> longTrained,
      Optional<PredictionRound> longPredicted) {
    System.out.printf(
        "Training: medians of %d rounds of %d steps, batches of 100 images%n%n",
        rounds, iterations + 1);
    System.out.println(
        "stage   ms/step   images/s   first step s   peak memory MB   garbage bytes/step");
    training.forEach(
        (stage, all) ->
            System.out.printf(
                Locale.ROOT,
                "%5s %9.2f %10.0f %14.2f %16.0f %20.0f%n",
                stage,
                median(all, TrainingRound::stepMillis),
                median(all, TrainingRound::imagesPerSecond),
                median(all, TrainingRound::firstStepSeconds),
                median(all, TrainingRound::peakMegabytes),
                median(all, TrainingRound::garbageBytes)));
    longTrained.ifPresent(
        found ->
            printLong(
                LONG_TRAINING,
                longTraining + 1,
                "steps",
                found.earlyMegabytes(),
                found.lateMegabytes()));
    System.out.printf(
        "%nPredicting: medians of %d rounds, %,d images one at a time, then batches%n%n",
        rounds, PREDICTIONS);
    System.out.println(
        "stage   load ms   one image: median ms   99% below ms   images/s by 1      by 100   by 10,000");
    prediction.forEach(
        (stage, all) ->
            System.out.printf(
                Locale.ROOT,
                "%5s %9.0f %22.3f %14.3f %15.0f %11.0f %11.0f%n",
                stage,
                median(all, PredictionRound::loadMillis),
                median(all, PredictionRound::medianMillis),
                median(all, PredictionRound::slowestHundredthMillis),
                median(all, PredictionRound::imagesPerSecondBy1),
                median(all, PredictionRound::imagesPerSecondBy100),
                median(all, PredictionRound::imagesPerSecondBy10000)));
    longPredicted.ifPresent(
        found ->
            printLong(
                LONG_PREDICTION,
                longPrediction,
                "predictions",
                found.earlyMegabytes(),
                found.lateMegabytes()));
  }

  private static void printLong(String stage, int count, String what, double early, double late) {
    System.out.printf(
        Locale.ROOT,
        "%nStage %s over %,d %s: %.0f MB after the first tenth, %.0f MB at the end (%+.1f%%)%n",
        stage,
        count,
        what,
        early,
        late,
        100 * (late / early - 1));
  }

  private static <T> double median(List<T> rounds, ToDoubleFunction<T> figure) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
