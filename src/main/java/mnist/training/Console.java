package mnist.training;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import mnist.data.DataSet;
import mnist.export.ModelCard;

/**
 * What a run says: the scripts' lines, a progress bar below them where standard error is a
 * terminal, and the report at the end.
 */
final class Console implements TrainingListener, AutoCloseable {
  private final PrintStream out;
  private final boolean quiet;
  private final Script script;
  private final Optional<ProgressLine> progress;

  /**
   * @param quiet nothing until the report
   */
  Console(PrintStream out, PrintStream err, boolean quiet, Script script) {
    this.out = out;
    this.quiet = quiet;
    this.script = script;
    progress =
        quiet || !NativeEnvironment.standardErrorIsTerminal()
            ? Optional.empty()
            : Optional.of(
                new ProgressLine(
                    err, "stage " + script.name(), " steps", 1, script.iterations() + 1L));
  }

  /** What is about to be trained, on what, and where its record will be. */
  void started(DataSet data, Path folder) {
    if (!quiet) {
      out.printf(Locale.ROOT, "Stage %s: %s%n", script.name(), script.title());
      out.printf(
          Locale.ROOT,
          "%,d training and %,d test images, %s from %s%n",
          data.training().count(),
          data.test().count(),
          data.name(),
          data.source());
      out.println("Recording in " + folder);
    }
  }

  @Override
  public void measured(Measurement m) {
    if (quiet) {
      return;
    }
    String line =
        switch (m.set()) {
          case TRAIN ->
              m.iteration()
                  + ": accuracy:"
                  + m.accuracy()
                  + " loss: "
                  + m.loss()
                  + " (lr:"
                  + m.learningRate()
                  + ")";
          case TEST ->
              m.iteration()
                  + ": ********* epoch "
                  + m.epoch()
                  + " ********* test accuracy:"
                  + m.accuracy()
                  + " test loss: "
                  + m.loss();
        };
    if (progress.isPresent()) {
      progress.get().println(out, line);
    } else {
      out.println(line);
    }
  }

  @Override
  public void stepped(int iteration, long nanos) {
    progress.ifPresent(bar -> bar.stepTo(iteration + 1L));
  }

  /** What came of the run, for people. */
  void report(Outcome outcome, DataSet data) {
    close();
    out.println();
    out.println("Stage " + script.name() + ", " + script.title());
    if (outcome.ending() == Outcome.Ending.INTERRUPTED) {
      out.printf(
          Locale.ROOT,
          "Stopped after %,d of %,d steps%n",
          outcome.steps(),
          script.iterations() + 1);
    }
    outcome.best().ifPresent(best -> out.println("  best test accuracy  " + percent(best)));
    outcome.last().ifPresent(last -> out.println("  last test accuracy  " + percent(last)));
    out.printf(
        Locale.ROOT,
        "  the tutorial's      %.2f%%%s%n",
        100 * script.reportedAccuracy(),
        data.name().equals("mnist") ? "" : " (on MNIST; this is " + data.name() + ")");
    out.printf(
        Locale.ROOT,
        "  time                %.1f s: %d steps, %.2f ms a step (median), and the measurements%n",
        outcome.seconds(),
        outcome.steps(),
        outcome.medianStepMillis());
    out.println();
    out.println(
        "The test set under the final weights: rows are right answers, columns what the network says");
    out.print(outcome.confusion().toText(data.classNames()));
  }

  /** Where the model is, and whose weights it has. */
  void exported(Path folder, ModelCard card) {
    out.printf(
        Locale.ROOT, "%nModel in %s: the weights of iteration %d%n", folder, card.iteration());
  }

  private static String percent(Measurement m) {
    return String.format(Locale.ROOT, "%.2f%% (iteration %d)", 100 * m.accuracy(), m.iteration());
  }

  @Override
  public void close() {
    progress.ifPresent(ProgressLine::close);
  }
}
