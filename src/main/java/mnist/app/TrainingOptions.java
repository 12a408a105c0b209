package mnist.app;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import mnist.console.PortConverter;
import mnist.data.sources.DataSource;
import mnist.platform.Json;
import mnist.runs.RunConfig;
import mnist.runs.RunFolders;
import mnist.training.Stage;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a stage's command line. */
final class TrainingOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private final Stage stage;

  /** What the numbers depend on; the options below do not change them. */
  @Mixin final RunConfig config;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with the four IDX files, gzipped or plain. Default: $MNIST_DATA (or"
              + " $FASHION_MNIST_DATA), else the project's data folder, to which missing files are"
              + " downloaded.")
  Path dataFolder;

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description =
          "Folder for the run's files; must not exist yet. Default: runs/<stage>-<date>-<time>")
  Path runFolder;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description =
          "Resume the run in this folder exactly where its newest checkpoint left off. Options and"
              + " data are the run's; --iterations can extend it.")
  Path resume;

  @Option(
      names = "--allow-other-kernels",
      description =
          "Resume even with another processor, thread count or TensorFlow than the run started with;"
              + " its numbers are then no longer those of one machine, which run.json records.")
  boolean allowOtherKernels;

  @Option(
      names = "--checkpoint-seconds",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "Seconds between checkpoints; one is also written at the end. 0 for none. Default:"
              + " ${DEFAULT-VALUE}")
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

  @Option(names = "--no-export", description = "Do not save a model.")
  boolean noExport;

  @Option(names = "--overwrite", description = "Replace an existing model in --export.")
  boolean overwrite;

  @Option(
      names = "--view",
      description = "Show the training live in a browser: serves a page on this machine.")
  boolean view;

  @Option(
      names = "--view-port",
      paramLabel = "N",
      converter = PortConverter.class,
      defaultValue = "8080",
      description = "Port of the page, 0 for any free one. Default: ${DEFAULT-VALUE}")
  int viewPort;

  @Option(
      names = "--record-view",
      description =
          "Record what the page, pictures and movies of a run need; --view does so anyway.")
  boolean recordView;

  @Option(
      names = "--tensorboard",
      description =
          "Write event files for TensorBoard into the run's folder; tensorboard --logdir runs shows"
              + " them.")
  boolean tensorBoard;

  @Option(names = "--quiet", description = "Print only the report at the end.")
  boolean quiet;

  TrainingOptions(Stage stage) {
    this.stage = stage;
    config = RunConfig.defaults(stage);
  }

  /**
   * Checks all that can be checked without looking at files.
   *
   * @throws ParameterException if a value is out of its range or options contradict each other
   */
  void check() {
    try {
      config.check();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    refuse(
        config.dataset == DataSource.SYNTHETIC && dataFolder != null,
        "--data and --dataset synthetic cannot be combined: synthetic images are drawn");
    refuse(noExport && exportFolder != null, "--export and --no-export cannot be combined");
    refuse(overwrite && exportFolder == null, "--overwrite needs --export");
    refuse(!view && isGiven("--view-port"), "--view-port needs --view");
    refuse(
        runFolder != null && !RunFolders.hasValidName(runFolder),
        "--run-dir needs a name of letters, digits, blanks and . _ + = , @ ( ) -, beginning with a"
            + " letter, a digit or _, found "
            + runFolder);
    refuse(
        resume != null && runFolder != null,
        "--run-dir and --resume cannot be combined: the run continues in its own folder");
    refuse(allowOtherKernels && resume == null, "--allow-other-kernels needs --resume");
    refuse(
        checkpointSeconds < 0,
        "--checkpoint-seconds must be 0 or more, found " + checkpointSeconds);
    stage
        .defaults(0)
        .unusedOptions()
        .forEach(
            (option, reason) -> refuse(isGiven(option), option + " cannot be used: " + reason));
  }

  /**
   * The configuration of the run to resume: the recorded one, up to {@code --iterations}.
   *
   * @throws ParameterException if a given option differs from the recorded one
   */
  RunConfig resume(RunConfig recorded) {
    ObjectNode ours = Json.MAPPER.valueToTree(config);
    ObjectNode theirs = Json.MAPPER.valueToTree(recorded);
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      String key = option.longestName().substring("--".length()).replace('-', '_');
      refuse(
          ours.has(key) && !key.equals("iterations") && !ours.get(key).equals(theirs.get(key)),
          "%s is %s, but the run to resume has %s"
              .formatted(
                  option.longestName(), ours.path(key).asText(), theirs.path(key).asText("none")));
    }
    if (isGiven("--iterations")) {
      refuse(
          config.iterations < recorded.iterations,
          "--iterations %d is less than the run's %d; a run can be extended, not shortened"
              .formatted(config.iterations, recorded.iterations));
      recorded.iterations = config.iterations;
    }
    return recorded;
  }

  private boolean isGiven(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private void refuse(boolean wrong, String reason) {
    if (wrong) {
      throw new ParameterException(spec.commandLine(), reason);
    }
  }
}
