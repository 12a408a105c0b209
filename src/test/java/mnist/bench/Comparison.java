package mnist.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The stages here and in Python with the same kernels, in rounds that take turns: what one moment
 * of the machine does to one of them, it does to the other.
 *
 * @param iterations the last iteration of each round of training
 * @param predictions how many images, one at a time, in each round of predicting
 * @param rounds of each stage, by its number
 */
public record Comparison(int iterations, int predictions, Map<String, List<Round>> rounds) {

  /** One turn of each. */
  public record Round(Figures here, Figures python) {}

  /**
   * What is compared, less of it being better.
   *
   * @param stepMillis median time of a step, filling the batch included
   * @param firstStepSeconds from the start of the process to the end of the first step
   * @param wholeSeconds from the start of the process to the end of the training, measurements
   *     included
   * @param peakMegabytes most memory in RAM while training
   * @param predictionMillis median time of a prediction of one image
   * @param slowestHundredthMillis 99 of 100 predictions took at most so long
   */
  public record Figures(
      double stepMillis,
      double firstStepSeconds,
      double wholeSeconds,
      double peakMegabytes,
      double predictionMillis,
      double slowestHundredthMillis) {

    /** Those of rounds in Java. */
    public static Figures of(TrainingRound training, PredictionRound prediction) {
      return new Figures(
          training.stepMillis(),
          training.firstStepSeconds(),
          training.wholeSeconds(),
          training.peakMegabytes(),
          prediction.medianMillis(),
          prediction.slowestHundredthMillis());
    }
  }

  private static final List<ToDoubleFunction<Figures>> COLUMNS =
      List.of(
          Figures::stepMillis,
          Figures::firstStepSeconds,
          Figures::wholeSeconds,
          Figures::peakMegabytes,
          Figures::predictionMillis,
          Figures::slowestHundredthMillis);

  private static final String[] FORMATS = {"%.2f", "%.2f", "%.1f", "%.0f", "%.3f", "%.3f"};

  /** A table of medians, and of the ratios to Python's with the least and the most. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "Medians of %d rounds: %,d steps, batches of 100 images; then %,d images one at a time%n%n",
            rounds.values().iterator().next().size(),
            iterations + 1,
            predictions));
    text.append(
        String.format(
            "%-18s %18s %18s %18s %18s %18s %18s%n",
            "stage",
            "ms/step",
            "first step s",
            "whole s",
            "peak memory MB",
            "one image ms",
            "99% below ms"));
    rounds.forEach((stage, all) -> addStage(text, stage, all));
    return text.toString();
  }

  private static void addStage(StringBuilder text, String stage, List<Round> rounds) {
    Map<String, List<Figures>> rows = new LinkedHashMap<>();
    rows.put("", rounds.stream().map(Round::here).toList());
    List<Figures> python = rounds.stream().map(Round::python).toList();
    rows.put(" Python", python);
    rows.forEach(
        (who, figures) -> {
          List<String> cells = new ArrayList<>();
          for (int column = 0; column < FORMATS.length; column++) {
            double[] values = figures.stream().mapToDouble(COLUMNS.get(column)).toArray();
            cells.add(String.format(Locale.ROOT, FORMATS[column], median(values)));
          }
          addRow(text, stage + who, cells);
          if (figures != python) {
            addRow(text, stage + who + "/Python", ratios(figures, python));
          }
        });
  }

  private static List<String> ratios(List<Figures> ours, List<Figures> python) {
    List<String> cells = new ArrayList<>();
    for (ToDoubleFunction<Figures> column : COLUMNS) {
      double[] ratios =
          IntStream.range(0, ours.size())
              .mapToDouble(
                  i -> column.applyAsDouble(ours.get(i)) / column.applyAsDouble(python.get(i)))
              .toArray();
      cells.add(
          String.format(
              Locale.ROOT,
              "%.2f (%.2f-%.2f)",
              median(ratios),
              DoubleStream.of(ratios).min().orElseThrow(),
              DoubleStream.of(ratios).max().orElseThrow()));
    }
    return cells;
  }

  private static void addRow(StringBuilder text, String name, List<String> cells) {
    text.append(String.format("%-18s", name));
    cells.forEach(cell -> text.append(String.format(" %18s", cell)));
    text.append(System.lineSeparator());
  }

  private static double median(double[] values) {
    double[] sorted = DoubleStream.of(values).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
