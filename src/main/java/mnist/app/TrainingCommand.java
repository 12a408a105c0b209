package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import mnist.console.CliErrors;
import mnist.data.sources.DataSource;
import mnist.nn.Activation;
import mnist.platform.Versions;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import org.tensorflow.exceptions.TensorFlowException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The command line of a stage. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    usageHelpAutoWidth = true,
    sortOptions = false,
    synopsisHeading = "%nUsage: ",
    optionListHeading = "%nOptions:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:trained",
      "1:could not be done; one line on standard error says why",
      "2:a wrong option",
      "130:stopped by Ctrl-C; the results so far are kept"
    })
final class TrainingCommand implements Callable<Integer> {
  private final Stage stage;
  private final PrintStream out;
  private final PrintStream err;
  private final BooleanSupplier stop;
  private final List<TrainingListener> alsoTold;
  private volatile boolean training;

  @Mixin private final TrainingOptions options;

  /**
   * @param stop asked after every step whether to end early
   * @param alsoTold hear of the training beside the console and the run's record
   */
  TrainingCommand(
      Stage stage,
      PrintStream out,
      PrintStream err,
      BooleanSupplier stop,
      List<TrainingListener> alsoTold) {
    this.stage = stage;
    options = new TrainingOptions(stage);
    this.out = out;
    this.err = err;
    this.stop = stop;
    this.alsoTold = alsoTold;
  }

  /** Parses, trains, and says what went wrong if anything did; returns the exit code. */
  int run(String... args) {
    return commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setParameterExceptionHandler((wrong, unparsed) -> CliErrors.reportWrongOption(wrong, err))
        .execute(args);
  }

  /** What is wrong with the arguments, as far as it shows without training. */
  Optional<String> refusal(String... args) {
    try {
      commandLine().parseArgs(args);
      options.refuseContradictions();
      options.schedule();
      options.hyperparameters();
      return Optional.empty();
    } catch (ParameterException e) {
      return Optional.of(e.getMessage());
    }
  }

  private CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(this);
    commandLine.setCommandName(stage.getClass().getName());
    commandLine
        .getCommandSpec()
        .usageMessage()
        .header("Stage " + stage.name() + " of the tutorial: " + stage.title() + ".");
    return commandLine
        .registerConverter(DataSource.class, TrainingCommand::dataSource)
        .registerConverter(Activation.class, TrainingCommand::activation);
  }

  private static DataSource dataSource(String name) {
    try {
      return DataSource.named(name);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  private static Activation activation(String name) {
    for (Activation activation : Activation.values()) {
      if (activation.name().equalsIgnoreCase(name)) {
        return activation;
      }
    }
    throw new TypeConversionException("expected sigmoid or relu, found " + name);
  }

  /** Whether a run is under way, so that there are results to keep. */
  boolean isTraining() {
    return training;
  }

  @Override
  public Integer call() {
    options.refuseContradictions();
    try {
      new TrainingRun(stage, options, out, err, stop, alsoTold, () -> training = true).run();
      return CommandLine.ExitCode.OK;
    } catch (IOException
        | TrainingException
        | TensorFlowException
        | LinkageError
        | OutOfMemoryError e) {
      return CliErrors.report(e, err);
    }
  }
}
