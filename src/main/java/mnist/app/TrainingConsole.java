package mnist.app;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import mnist.console.ProgressLine;
import mnist.data.DataSet;
import mnist.platform.Terminal;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingResult;

/**
 * What a run says: the scripts' lines, a progress bar below them where standard error is a
 * terminal, and the report at the end.
 */
final class TrainingConsole implements TrainingListener, AutoCloseable {
  private final PrintStream out;
  private final PrintStream err;
  private final boolean quiet;
  private final Stage stage;
  private final int iterations;
  private Optional<ProgressLine> progress = Optional.empty();

  /**
   * @param quiet nothing until the report
   */
  TrainingConsole(PrintStream out, PrintStream err, boolean quiet, Stage stage, int iterations) {
    this.out = out;
    this.err = err;
    this.quiet = quiet;
    this.stage = stage;
    this.iterations = iterations;
  }

  /**
   * What is about to be trained, on what, and where its record will be.
   *
   * @param from the iteration that a run goes on from
   */
  void started(DataSet data, Path folder, Optional<Integer> from) {
    if (quiet) {
      return;
    }
    out.printf(Locale.ROOT, "Stage %s: %s%n", stage.name(), stage.title());
    out.printf(
        Locale.ROOT,
        "%,d training and %,d test images, %s from %s%n",
        data.training().count(),
        data.test().count(),
        data.name(),
        data.source());
    out.println("Recording in " + folder);
    from.ifPresent(next -> out.println("Going on from iteration " + next));
    if (Terminal.isInteractive()) {
      progress =
          Optional.of(new ProgressLine(err, "stage " + stage.name(), " steps", 1, iterations + 1L));
    }
  }

  /** Where the training can be seen. */
  void shown(String address) {
    out.println("See it learn: " + address);
  }

  /** On a terminal, keeps the page there until whoever looks at it has seen enough. */
  void stays(String address, BooleanSupplier stop) {
    if (!Terminal.isInteractive()) {
      return;
    }
    out.println();
    out.println("The page stays until Ctrl-C: " + address);
    try {
      while (!stop.getAsBoolean()) {
        Thread.sleep(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    if (quiet) {
      return;
    }
    String line = line(evaluation.measurement());
    progress.ifPresentOrElse(bar -> bar.println(out, line), () -> out.println(line));
  }

  /** As the tutorial's scripts print it. */
  private static String line(Measurement m) {
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
    if (iteration == 0 && !quiet && Terminal.isInteractive()) {
      progress =
          Optional.of(new ProgressLine(err, "stage " + stage.name(), " steps", 1, iterations + 1L));
    }
    progress.ifPresent(bar -> bar.stepTo(iteration + 1L));
  }

  /** What came of the run, for people. */
  void report(TrainingResult outcome, DataSet data) {
    close();
    out.println();
    out.println("Stage " + stage.name() + ", " + stage.title());
    if (outcome.status() == TrainingResult.Status.INTERRUPTED) {
      out.printf(Locale.ROOT, "Stopped after %,d of %,d steps%n", outcome.steps(), iterations + 1L);
    }
    outcome
        .best()
        .ifPresent(best -> out.println("  best test accuracy  " + percent(best.measurement())));
    outcome.last().ifPresent(last -> out.println("  last test accuracy  " + percent(last)));
    out.printf(
        Locale.ROOT,
        "  the tutorial's      %.2f%%%s%n",
        100 * stage.reportedAccuracy(),
        data.name().equals("mnist") ? "" : " (on MNIST; this is " + data.name() + ")");
    out.printf(
        Locale.ROOT,
        "  time                %.1f s: %d steps, %.2f ms a step (median), and the measurements%n",
        outcome.seconds(),
        outcome.steps(),
        outcome.medianStepMillis());
    outcome.best().ifPresent(best -> printConfusion(best, data));
  }

  private void printConfusion(TrainingResult.Best best, DataSet data) {
    out.printf(
        Locale.ROOT,
        "%nThe test set at its best (%s): rows are right answers, columns what the network says%n",
        atIteration(best.measurement()));
    out.print(best.confusion().toText(data.classNames()));
  }

  /** Where the model is, and whose weights it has. */
  void exported(Path folder, TrainingResult.Best best) {
    out.printf(
        Locale.ROOT,
        "%nModel in %s: the weights of the best test accuracy (%s)%n",
        folder,
        atIteration(best.measurement()));
  }

  private static String percent(Measurement m) {
    return String.format(Locale.ROOT, "%.2f%% (%s)", 100 * m.accuracy(), atIteration(m));
  }

  private static String atIteration(Measurement m) {
    return "iteration " + m.iteration();
  }

  @Override
  public void close() {
    progress.ifPresent(ProgressLine::close);
  }
}
