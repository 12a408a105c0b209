package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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

/** Runs one stage with its command-line options, in a process of its own or in this one. */
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
public final class Training implements Callable<Integer> {
  private static final long SHUTDOWN_SECONDS = 60;
  private static final int LARGE_BATCH = 100;

  private final Stage stage;
  private final PrintStream out;
  private final PrintStream err;
  private final BooleanSupplier stop;
  private final List<TrainingListener> extraListeners;
  private volatile boolean hasStarted; // so that there are results to save

  @Mixin private final TrainingOptions options;

  private Training(
      Stage stage,
      PrintStream out,
      PrintStream err,
      BooleanSupplier stop,
      TrainingListener... extraListeners) {
    this.stage = stage;
    options = new TrainingOptions(stage);
    this.out = out;
    this.err = err;
    this.stop = stop;
    this.extraListeners = List.of(extraListeners);
  }

  /**
   * Runs a stage and exits the process: with 0, with 1 after a failure, with 2 for a wrong option,
   * with 130 after Ctrl-C.
   *
   * @param args see {@code --help}
   */
  public static void main(Stage stage, String... args) {
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch done = new CountDownLatch(1);
    Training training = new Training(stage, System.out, System.err, stop::get);

    // Ctrl-C starts the shutdown hooks; this one delays the exit until the run has been saved.
    Thread hook =
        new Thread(
            () -> {
              stop.set(true);
              try {
                if (training.hasStarted) {
                  done.await(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);

    int exitCode = 1;
    try {
      exitCode = training.commandLine().execute(args);
    } finally {
      done.countDown();
    }
    if (!stop.get()) {
      System.exit(exitCode);
    }
  }

  /**
   * Runs a stage in this process and returns its exit code.
   *
   * @param listener is notified in addition to those of the run itself
   * @param out standard output
   * @param err standard error
   * @param args the options, see {@code --help}
   */
  public static int run(
      Stage stage, TrainingListener listener, PrintStream out, PrintStream err, String... args) {
    return new Training(stage, out, err, () -> false, listener).commandLine().execute(args);
  }

  /**
   * Why a stage refuses these arguments, as far as that can be told without training; empty if it
   * accepts them.
   */
  public static Optional<String> refusal(Stage stage, String... args) {
    Training training = new Training(stage, System.out, System.err, () -> false);
    try {
      training.commandLine().parseArgs(args);
      training.options.check();
      return Optional.empty();
    } catch (ParameterException e) {
      return Optional.of(CliErrors.describe(e));
    }
  }

  private CommandLine commandLine() {
    CommandLine commandLine = CommandLines.create(this, out, err);
    CommandSpec spec = commandLine.getCommandSpec();
    spec.usageMessage()
        .header("Stage " + stage.name() + ": " + stage.title() + ".")
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

  @Override
  public Integer call() throws IOException, TrainingException {
    try {
      new TrainingRun(stage, options, out, err, stop, extraListeners, () -> hasStarted = true)
          .run();
      return CommandLine.ExitCode.OK;
    } catch (OutOfMemoryError | TFResourceExhaustedException e) {
      // With the usual batch, or before the first, memory is needed for something else.
      boolean tooLarge = options.config.batchSize > LARGE_BATCH && hasStarted;
      throw new IOException(
          ErrorMessages.summarize(e) + (tooLarge ? "; try a smaller --batch-size" : ""), e);
    }
  }
}
