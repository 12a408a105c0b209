package mnist.bench;

import static mnist.bench.Column.text;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The stages in Java and in Python with the same kernels, measured in alternating rounds, so that
 * other load on the machine affects both.
 *
 * @param iterations the last iteration of each training round
 * @param predictions number of single-image predictions in each prediction round
 * @param rounds by stage number
 */
public record Comparison(int iterations, int predictions, Map<String, List<Round>> rounds) {

  /** A round in Java and the one in Python after it. */
  public record Round(Values java, Values python) {}

  /**
   * What is compared; lower is better.
   *
   * @param stepMillis median time of a step, including filling the batch
   * @param firstStepSeconds from the start of the process to the end of the first step
   * @param totalSeconds from the start of the process to the end of training and evaluation
   * @param peakMegabytes peak memory in RAM while training
   * @param predictionMillis median time to classify one image
   * @param p99PredictionMillis 99th percentile of it
   */
  public record Values(
      double stepMillis,
      double firstStepSeconds,
      double totalSeconds,
      double peakMegabytes,
      double predictionMillis,
      double p99PredictionMillis) {

    static Values of(TrainingRound training, PredictionRound prediction) {
      return new Values(
          training.stepMillis(),
          training.firstStepSeconds(),
          training.totalSeconds(),
          training.peakMegabytes(),
          prediction.medianMillis(),
          prediction.p99Millis());
    }
  }

  private static final List<Column<Values>> COLUMNS =
      List.of(
          new Column<>("ms/step", "%.2f", Values::stepMillis),
          new Column<>("first step s", "%.2f", Values::firstStepSeconds),
          new Column<>("total s", "%.1f", Values::totalSeconds),
          new Column<>("peak memory MB", "%.0f", Values::peakMegabytes),
          new Column<>("one image ms", "%.3f", Values::predictionMillis),
          new Column<>("99% below ms", "%.3f", Values::p99PredictionMillis));

  /** A table of medians, and of the ratios to Python with minimum and maximum, in Markdown. */
  public String toText() {
    MarkdownTable table = new MarkdownTable(row("stage", "", Column::title));
    rounds.forEach(
        (stage, all) -> {
          List<Values> java = all.stream().map(Round::java).toList();
          List<Values> python = all.stream().map(Round::python).toList();
          table.add(row(stage, "Java", column -> column.median(java)));
          table.add(row(stage, "Python", column -> column.median(python)));
          table.add(row(stage, "Java/Python", column -> ratios(column, java, python)));
        });
    return text(
            "Medians of %d rounds: %,d steps, batches of 100 images; then %,d images one at a time%n%n",
            rounds.values().iterator().next().size(), iterations + 1, predictions)
        + table;
  }

  private static List<String> row(
      String stage, String language, Function<Column<Values>, String> cell) {
    return Stream.concat(Stream.of(stage, language), COLUMNS.stream().map(cell)).toList();
  }

  private static String ratios(Column<Values> column, List<Values> java, List<Values> python) {
    double[] ratios =
        IntStream.range(0, java.size())
            .mapToDouble(
                i ->
                    column.value().applyAsDouble(java.get(i))
                        / column.value().applyAsDouble(python.get(i)))
            .toArray();
    return text(
        "%.2f (%.2f-%.2f)",
        Column.median(ratios),
        DoubleStream.of(ratios).min().orElseThrow(),
        DoubleStream.of(ratios).max().orElseThrow());
  }
}
