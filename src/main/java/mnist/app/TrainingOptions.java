package mnist.app;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import mnist.data.sources.DataSource;
import mnist.nn.Activation;
import mnist.nn.Hyperparameters;
import mnist.runs.RunInfo;
import mnist.training.Schedule;
import mnist.training.Stage;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a run, the same for every stage. */
final class TrainingOptions {
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private final Hyperparameters hyperparameters;

  private final Stage stage;

  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto, mnist, fashion-mnist or synthetic. auto is MNIST, or drawn digits where MNIST can"
              + " be neither found nor downloaded. Default: ${DEFAULT-VALUE}")
  DataSource source;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with the four IDX files, gzipped or plain. Default: $MNIST_DATA (or"
              + " $FASHION_MNIST_DATA), else the project's data folder, into which what is missing"
              + " is downloaded.")
  Path dataFolder;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description =
          "Number of the last iteration; they run from 0. Default: 2000 in stage 1.0, else 10000")
  Integer iterations;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "100",
      description = "Images per step. Default: ${DEFAULT-VALUE}")
  int batchSize;

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description =
          "Folder for the record of the run; must not exist yet. Default:"
              + " runs/<stage>-<date>-<time>")
  Path runFolder;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description =
          "Go on with the run in this folder from its newest checkpoint, as if nothing had happened."
              + " Options and data are the run's; --iterations can extend it.")
  Path resume;

  @Option(
      names = "--checkpoint-seconds",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "Leave a checkpoint every so often, and at the end; 0 for none. Default: ${DEFAULT-VALUE}")
  int checkpointSeconds;

  @Option(
      names = "--graph",
      paramLabel = "FILE",
      description =
          "Write the graph to FILE before training: a binary GraphDef, or text if the name ends in"
              + " .pbtxt. FILE must not exist yet.")
  Path graphFile;

  @Option(
      names = "--export",
      paramLabel = "DIR",
      description =
          "Folder for the trained model, a SavedModel with the weights of the best test accuracy;"
              + " must not exist yet. Default: model in the run's folder")
  Path exportFolder;

  @Option(names = "--no-export", description = "Leave no model.")
  boolean noExport;

  @Option(names = "--overwrite", description = "Replace the model that --export finds.")
  boolean overwrite;

  @Option(
      names = "--view",
      description = "Show the training in a browser, live: serves a page on this machine.")
  boolean view;

  @Option(
      names = "--view-port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "Where the page is, 0 for any free port. Default: ${DEFAULT-VALUE}")
  int viewPort;

  @Option(
      names = "--record-view",
      description =
          "Keep what the page, the picture and the movie of a run are made from; --view does too.")
  boolean recordView;

  @Option(
      names = "--tensorboard",
      description =
          "Write event files for TensorBoard into the run's folder; tensorboard --logdir runs shows"
              + " them.")
  boolean tensorBoard;

  @Option(names = "--quiet", description = "Print nothing but the report at the end.")
  boolean quiet;

  @Option(
      names = "--no-onednn",
      description =
          "Keep to TensorFlow's plain kernels. oneDNN's are about twice as fast in convolutions;"
              + " their results differ in the last bits.")
  boolean noOneDnn;

  TrainingOptions(Stage stage) {
    this.stage = stage;
    hyperparameters = stage.defaults(0);
  }

  /** The stage's schedule, up to the last iteration that was asked for. */
  Schedule schedule() {
    return inRange(
        () -> iterations == null ? stage.schedule() : stage.schedule().withIterations(iterations));
  }

  /** Those of the network: the stage's, and what the options change. */
  Hyperparameters hyperparameters() {
    return inRange(
        () -> {
          hyperparameters.check();
          return hyperparameters;
        });
  }

  /** A value knows its range; what it refuses is a wrong option here. */
  private <T> T inRange(Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** Refuses what makes no sense together. */
  void refuseContradictions() {
    refuse(
        source == DataSource.SYNTHETIC && dataFolder != null,
        "--data has no use with --dataset synthetic, which draws its images");
    refuse(noExport && exportFolder != null, "--export and --no-export contradict each other");
    refuse(overwrite && exportFolder == null, "--overwrite has no use without --export");
    refuse(viewPort < 0 || viewPort > 65_535, "view port must be 0 to 65535, found " + viewPort);
    refuse(
        resume != null && runFolder != null, "--resume goes on in the run's folder, no --run-dir");
    refuse(
        checkpointSeconds < 0, "checkpoint seconds must be 0 or more, found " + checkpointSeconds);
    refuse(batchSize < 1, "batch size must be 1 or more, found " + batchSize);
    hyperparameters();
    for (String option : stage.defaults(0).unusedOptions()) {
      refuse(isGiven(option), option + " has no use in stage " + stage.name());
    }
  }

  /**
   * Takes the options of a run that goes on; one that was given must be the same.
   *
   * @param run what its record says
   */
  void takeFrom(RunInfo run) {
    Map<String, Object> its = run.options();
    agree("--dataset", source, its.get("dataset"));
    agree("--batch-size", batchSize, its.get("batch_size"));
    agree("--seed", hyperparameters.seed, its.get("seed"));
    agree("--learning-rate", hyperparameters.learningRate, its.get("learning_rate"));
    agree("--keep-probability", hyperparameters.keepProbability, its.get("keep_probability"));
    agree("--activation", hyperparameters.activation, its.get("activation"));
    agree("--no-onednn", noOneDnn, !run.usedOneDnn());
    source = DataSource.named((String) its.get("dataset"));
    batchSize = ((Number) its.get("batch_size")).intValue();
    hyperparameters.seed = ((Number) its.get("seed")).longValue();
    hyperparameters.learningRate =
        its.get("learning_rate") instanceof Number rate ? rate.floatValue() : null;
    hyperparameters.keepProbability =
        its.get("keep_probability") instanceof Number share ? share.floatValue() : null;
    hyperparameters.activation =
        its.get("activation") instanceof String name
            ? Activation.valueOf(name.toUpperCase(Locale.ROOT))
            : null;
    noOneDnn = !run.usedOneDnn();
    int wanted = ((Number) its.get("iterations")).intValue();
    refuse(
        iterations != null && iterations < wanted,
        "--iterations %d is less than the run's %d; a run can be extended, not shortened"
            .formatted(iterations, wanted));
    iterations = iterations == null ? (Integer) wanted : iterations;
  }

  private void agree(String option, Object given, Object its) {
    refuse(
        isGiven(option) && !String.valueOf(given).equalsIgnoreCase(String.valueOf(its)),
        "%s is %s, but the run to go on with has %s".formatted(option, given, its));
  }

  private boolean isGiven(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new ParameterException(spec.commandLine(), why);
    }
  }

  /** All those that numbers depend on, as the record has them. */
  Map<String, Object> inForce() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("dataset", source.toString());
    options.put("iterations", schedule().iterations());
    options.put("batch_size", batchSize);
    options.putAll(JSON.convertValue(hyperparameters, new TypeReference<Map<String, Object>>() {}));
    return options;
  }
}
