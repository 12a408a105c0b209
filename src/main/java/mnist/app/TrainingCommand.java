package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import mnist.console.CliErrors;
import mnist.console.CommandLines;
import mnist.platform.ErrorMessages;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The command line of a stage. */
@Command(
    synopsisHeading = "%nUsage: ",
    optionListHeading = "%nOptions:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:failure, explained in one line on standard error",
      "2:wrong option",
      "130:stopped by Ctrl-C; the results so far are saved"
    })
final class TrainingCommand implements Callable<Integer> {
  private final Stage stage;
  private final PrintStream out;
  private final PrintStream err;
  private final BooleanSupplier stop;
  private final List<TrainingListener> extraListeners;
  private volatile boolean training;

  @Mixin private final TrainingOptions options;

  /**
   * @param stop polled after every step: whether to end early
   * @param extraListeners listeners in addition to those of the run itself
   */
  TrainingCommand(
      Stage stage,
      PrintStream out,
      PrintStream err,
      BooleanSupplier stop,
      List<TrainingListener> extraListeners) {
    this.stage = stage;
    options = new TrainingOptions(stage);
    this.out = out;
    this.err = err;
    this.stop = stop;
    this.extraListeners = extraListeners;
  }

  /** Parses the arguments and trains, or prints why it cannot; returns the exit code. */
  int run(String... args) {
    return commandLine().execute(args);
  }

  /** What is wrong with the arguments, as far as that can be told without training. */
  Optional<String> refusal(String... args) {
    try {
      commandLine().parseArgs(args);
      options.check();
      return Optional.empty();
    } catch (ParameterException e) {
      return Optional.of(CliErrors.describe(e));
    }
  }

  private CommandLine commandLine() {
    CommandLine commandLine = CommandLines.create(this, out, err);
    CommandSpec spec = commandLine.getCommandSpec();
    spec.usageMessage()
        .header("Stage " + stage.name() + " of the tutorial: " + stage.title() + ".")
        .customSynopsis(
            "make run STAGE=" + stage.name() + " ARGS=\"[OPTIONS]\"",
            "   or: java -jar mnist.jar " + stage.name() + " [OPTIONS]");
    Set<String> unused = stage.defaults(0).unusedOptions().keySet();
    for (OptionSpec option : List.copyOf(spec.options())) { // replaced, in the same order
      OptionSpec.Builder ours = OptionSpec.builder(option);
      if (unused.contains(option.longestName())) {
        ours.hidden(true);
      }
      if (option.longestName().equals("--learning-rate") && option.initialValue() == null) {
        ours.description("Constant learning rate. Default: one that decays, as in the script");
      }
      spec.remove(option).addOption(ours.build());
    }
    return commandLine;
  }

  /** Whether a run has started, so that there are results to save. */
  boolean isTraining() {
    return training;
  }

  @Override
  public Integer call() throws IOException, TrainingException {
    try {
      new TrainingRun(stage, options, out, err, stop, extraListeners, () -> training = true).run();
      return CommandLine.ExitCode.OK;
    } catch (OutOfMemoryError | TFResourceExhaustedException e) {
      throw new IOException(ErrorMessages.summarize(e) + "; try a smaller --batch-size", e);
    }
  }
}
