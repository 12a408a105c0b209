package mnist.app;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import mnist.console.ProgressLine;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.platform.Terminal;
import mnist.runs.RunFolders;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingResult;

/**
 * What a run prints. Where standard output is piped, that is each measurement as the tutorial's
 * scripts print it; on a terminal it is the test measurements in columns. Where standard error is a
 * terminal, a progress line stands below them. A report comes at the end.
 */
final class TrainingConsole implements TrainingListener, AutoCloseable {
  /** Below this test accuracy a network has hardly learned; guessing gives 0.1. */
  private static final double LEARNED = 0.2;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean quiet;
  private final boolean onTerminal;
  private final Stage stage;
  private int iterations;
  private volatile Optional<ProgressLine> progress = Optional.empty();

  /**
   * @param quiet whether to print only the report
   */
  TrainingConsole(PrintStream out, PrintStream err, boolean quiet, Stage stage) {
    this.out = out;
    this.err = err;
    this.quiet = quiet;
    this.stage = stage;
    onTerminal = out == System.out && Terminal.isStandardOutput();
  }

  /** Prints what is about to be trained, before anything that takes time. */
  void announce() {
    if (!quiet) {
      out.printf("Stage %s: %s%n", stage.name(), stage.title());
    }
  }

  /** On a terminal, prints what takes the next seconds. */
  void loadingTensorFlow() {
    if (!quiet && onTerminal) {
      out.println("Loading TensorFlow ...");
    }
  }

  /**
   * Prints what the training starts with.
   *
   * @param run the run's folder
   * @param first the iteration that comes next, above 0 in a resumed run
   * @param last the number of the last iteration
   * @param page address of the page that shows the run
   */
  void started(DataSet data, Path run, int first, int last, Optional<String> page) {
    iterations = last;
    if (!quiet) {
      out.printf(
          Locale.ROOT,
          "%,d training and %,d test images, %s from %s%n",
          data.training().count(),
          data.test().count(),
          data.name(),
          data.source());
      out.println("Recording in " + run);
      if (first > iterations) {
        out.println("The training is complete; saving what is missing");
      } else if (first > 0) {
        out.println("Resuming at iteration " + first);
      }
    }
    page.ifPresent(address -> out.println("Watch it learn: " + address));
    if (!quiet && Terminal.isInteractive()) {
      progress =
          Optional.of(
              new ProgressLine(
                  err,
                  "stage " + stage.name(),
                  "steps",
                  first,
                  iterations + 1L,
                  page.map(address -> address.replaceFirst("#.*", "")).orElse("")));
    }
  }

  /** Prints a line on standard error, from any thread. */
  void warn(String line) {
    progress.ifPresentOrElse(bar -> bar.println(err, line), () -> err.println(line));
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    Measurement measurement = evaluation.measurement();
    if (quiet || onTerminal && measurement.set() == Split.TRAIN) {
      return;
    }
    String line = onTerminal ? columns(measurement) : asInTheScripts(measurement);
    progress.ifPresentOrElse(bar -> bar.println(out, line), () -> out.println(line));
  }

  private String columns(Measurement test) {
    return String.format(
            Locale.ROOT,
            "%" + String.valueOf(iterations).length() + "d: test accuracy %6.2f%%  test loss %9.4f",
            test.iteration(),
            100 * test.accuracy(),
            test.loss())
        + (Float.isNaN(test.learningRate())
            ? ""
            : String.format(Locale.ROOT, "  learning rate %.6f", test.learningRate()));
  }

  private static String asInTheScripts(Measurement m) {
    return switch (m.set()) {
      case TRAIN ->
          "%d: accuracy:%s loss: %s (lr:%s)"
              .formatted(m.iteration(), m.accuracy(), m.loss(), m.learningRate());
      case TEST ->
          "%d: ********* epoch %d ********* test accuracy:%s test loss: %s"
              .formatted(m.iteration(), m.epoch(), m.accuracy(), m.loss());
    };
  }

  @Override
  public void onStep(int iteration, long nanos) {
    progress.ifPresent(bar -> bar.stepTo(iteration + 1L));
  }

  /** Prints the results. */
  void report(TrainingResult result, DataSet data) {
    close();
    out.println();
    out.println("Stage " + stage.name() + ": " + stage.title());
    if (result.status() == TrainingResult.Status.INTERRUPTED) {
      out.printf(Locale.ROOT, "Stopped after %,d of %,d steps%n", result.steps(), iterations + 1L);
    }
    result
        .best()
        .ifPresent(best -> out.println("  best test accuracy  " + percent(best.measurement())));
    result.last().ifPresent(last -> out.println("  last test accuracy  " + percent(last)));
    out.printf(
        Locale.ROOT,
        "  the tutorial's      %.2f%%%s%n",
        100 * stage.reportedAccuracy(),
        data.name().equals("mnist") ? "" : " (on MNIST; this is " + data.name() + ")");
    out.printf(
        Locale.ROOT,
        "  time                %.1f s for %d steps (median %.2f ms) and evaluation%n",
        result.seconds(),
        result.steps(),
        result.medianStepMillis());
    if (result.best().isEmpty()) {
      return;
    }
    TrainingResult.Best best = result.best().get();
    Measurement m = best.measurement();
    if (result.last().orElseThrow().iteration() > 0
        && (m.iteration() == 0 || m.accuracy() < LEARNED)) {
      out.printf(
          "%nThe network did not learn. Most often the learning rate is too high%n"
              + "(try a tenth of it with --learning-rate) or there were too few iterations.%n");
    }
    out.printf(
        "%nConfusion matrix at iteration %d (rows: labels, columns: predictions)%n", m.iteration());
    out.print(best.confusion().toText(data.classNames()));
  }

  /** Prints where the model is, and which weights it has. */
  void exported(Path folder, TrainingResult.Best best) {
    int iteration = best.measurement().iteration();
    out.printf(
        "%nModel in %s%n  with the %s of the best test accuracy (iteration %d)%n",
        folder, iteration == 0 ? "untrained weights, which are those" : "weights", iteration);
  }

  /**
   * Prints what can be done with the run.
   *
   * @param run the run's folder
   * @param model the model's folder, if one was exported
   * @param hasView whether the run recorded what its picture is drawn from
   */
  void suggestNextSteps(Path run, Optional<Path> model, boolean hasView, TrainingResult result) {
    if (quiet) {
      return;
    }
    boolean usual = Path.of(RunFolders.DEFAULT).equals(run.getParent()); // as make assumes
    out.printf("%nNext:%n");
    model.ifPresent(
        folder ->
            suggest(
                "draw digits",
                "make serve",
                usual && folder.startsWith(run) ? "" : " MODEL='" + folder + "'"));
    suggest(
        "see all runs",
        "make view",
        usual ? "" : " ARGS=\"--runs '" + run.toAbsolutePath().getParent() + "'\"");
    if (hasView) {
      suggest("draw a picture", "make picture", usual ? "" : " RUN='" + run + "'");
    }
    if (result.status() == TrainingResult.Status.INTERRUPTED) {
      suggest(
          "resume this run",
          usual ? "make resume" : "make run STAGE=" + stage.name(),
          usual ? "" : " ARGS=\"--resume '" + run + "'\"");
    }
  }

  private void suggest(String purpose, String command, String arguments) {
    out.printf("  %-15s  %s%s%n", purpose, command, arguments);
  }

  /** On a terminal, keeps the page available until Ctrl-C. */
  void keepPageOpen(String address, BooleanSupplier stop) {
    if (!Terminal.isInteractive()) {
      return;
    }
    out.println();
    out.println("The page stays open until Ctrl-C: " + address);
    try {
      while (!stop.getAsBoolean()) {
        Thread.sleep(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String percent(Measurement m) {
    return String.format(Locale.ROOT, "%.2f%% (iteration %d)", 100 * m.accuracy(), m.iteration());
  }

  @Override
  public void close() {
    progress.ifPresent(ProgressLine::close);
  }
}
