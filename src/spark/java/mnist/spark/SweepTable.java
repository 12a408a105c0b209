package mnist.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * What a sweep has come to: a row for each combination of options, over its seeds.
 *
 * @param options that vary, beside the seed
 * @param rows in the grid's order
 */
record SweepTable(List<String> options, List<Row> rows) {
  private static final String SEED = "--seed";

  /**
   * One trial.
   *
   * @param reason why it failed, empty if it did not
   */
  record Ended(Trial trial, TrialRecord record, String reason) {
    boolean isGood() {
      return reason.isEmpty() && record.best().isPresent();
    }
  }

  /**
   * One combination of options.
   *
   * @param values of the options that vary beside the seed
   * @param trials one for each seed
   */
  record Row(List<String> values, List<Ended> trials) {
    /** The figures of those that were trained, such as their best accuracies. */
    List<Double> figures(java.util.function.Function<TrialRecord, OptionalDouble> figure) {
      return trials.stream()
          .filter(Ended::isGood)
          .map(ended -> figure.apply(ended.record()).orElse(Double.NaN))
          .toList();
    }

    long failed() {
      return trials.stream().filter(ended -> !ended.isGood()).count();
    }

    String label() {
      return values.isEmpty() ? "all" : String.join(", ", values);
    }
  }

  /**
   * Reads what the runs' folders say.
   *
   * @param reasons why trials failed, by their names
   */
  static SweepTable of(Grid grid, List<Trial> trials, Map<String, String> reasons)
      throws IOException {
    List<String> options = grid.varying().stream().filter(option -> !option.equals(SEED)).toList();
    Map<List<String>, List<Ended>> rows = new LinkedHashMap<>();
    for (Trial trial : trials) {
      rows.computeIfAbsent(
              options.stream().map(trial.chosen()::get).toList(), values -> new ArrayList<>())
          .add(
              new Ended(
                  trial,
                  TrialRecord.of(Path.of(trial.folder())),
                  reasons.getOrDefault(trial.name(), "")));
    }
    return new SweepTable(
        options,
        rows.entrySet().stream().map(row -> new Row(row.getKey(), row.getValue())).toList());
  }

  /** Mean of some numbers, NaN of none. */
  static double mean(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  /** Standard deviation of what the numbers are a sample of, NaN of fewer than two. */
  static double spread(List<Double> numbers) {
    double mean = mean(numbers);
    double squares = numbers.stream().mapToDouble(x -> (x - mean) * (x - mean)).sum();
    return numbers.size() < 2 ? Double.NaN : Math.sqrt(squares / (numbers.size() - 1));
  }

  /** All trials that failed. */
  List<Ended> failed() {
    return rows.stream()
        .flatMap(row -> row.trials().stream())
        .filter(ended -> !ended.isGood())
        .toList();
  }

  /** For people: accuracies in percent with their standard deviation, time in seconds. */
  String toMarkdown() {
    StringBuilder text = new StringBuilder();
    options.forEach(option -> text.append("| ").append(option.substring(2)).append(' '));
    text.append("| runs | best accuracy | last accuracy | time | failed |\n");
    text.append("|---".repeat(options.size() + 5)).append("|\n");
    for (Row row : rows) {
      row.values().forEach(value -> text.append("| ").append(value).append(' '));
      List<Double> seconds = row.figures(TrialRecord::seconds);
      text.append(
          String.format(
              Locale.ROOT,
              "| %d | %s | %s | %s | %s |%n",
              row.trials().size() - row.failed(),
              percent(row.figures(TrialRecord::best)),
              percent(row.figures(TrialRecord::last)),
              seconds.isEmpty() ? "" : String.format(Locale.ROOT, "%.1f s", mean(seconds)),
              row.failed() == 0 ? "" : row.failed()));
    }
    for (Ended ended : failed()) {
      text.append(String.format("%n%s failed: %s%n", ended.trial().name(), ended.reason()));
    }
    return text.toString();
  }

  private static String percent(List<Double> accuracies) {
    if (accuracies.isEmpty()) {
      return "";
    }
    String mean = String.format(Locale.ROOT, "%.2f", 100 * mean(accuracies));
    double spread = spread(accuracies);
    return Double.isNaN(spread)
        ? mean + "%"
        : String.format(Locale.ROOT, "%s ± %.2f%%", mean, 100 * spread);
  }

  /** For programs: the same figures unrounded, accuracies 0..1; what there is not is empty. */
  String toCsv() {
    List<String> head = new ArrayList<>(options.stream().map(o -> o.substring(2)).toList());
    head.addAll(
        List.of(
            "runs",
            "best_mean",
            "best_spread",
            "last_mean",
            "last_spread",
            "seconds_mean",
            "failed"));
    StringBuilder text = new StringBuilder(line(head));
    for (Row row : rows) {
      List<Double> best = row.figures(TrialRecord::best);
      List<Double> last = row.figures(TrialRecord::last);
      List<String> cells = new ArrayList<>(row.values());
      cells.add(String.valueOf(row.trials().size() - row.failed()));
      cells.add(number(mean(best)));
      cells.add(number(spread(best)));
      cells.add(number(mean(last)));
      cells.add(number(spread(last)));
      cells.add(number(mean(row.figures(TrialRecord::seconds))));
      cells.add(String.valueOf(row.failed()));
      text.append(line(cells));
    }
    return text.toString();
  }

  /** For programs: every trial by itself. */
  String trialsToCsv() {
    List<String> chosen = List.copyOf(rows.get(0).trials().get(0).trial().chosen().keySet());
    List<String> head = new ArrayList<>(List.of("run"));
    chosen.forEach(option -> head.add(option.substring(2)));
    head.addAll(List.of("best", "last", "seconds", "failed"));
    StringBuilder text = new StringBuilder(line(head));
    for (Row row : rows) {
      for (Ended ended : row.trials()) {
        List<String> cells = new ArrayList<>(List.of(ended.trial().name()));
        chosen.forEach(option -> cells.add(ended.trial().chosen().get(option)));
        cells.add(number(ended.record().best().orElse(Double.NaN)));
        cells.add(number(ended.record().last().orElse(Double.NaN)));
        cells.add(number(ended.record().seconds().orElse(Double.NaN)));
        cells.add(ended.reason());
        text.append(line(cells));
      }
    }
    return text.toString();
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : String.valueOf(value);
  }

  private static String line(List<String> cells) {
    return cells.stream()
            .map(
                cell ->
                    cell.matches("(?s).*[\",\r\n].*")
                        ? '"' + cell.replace("\"", "\"\"") + '"'
                        : cell)
            .collect(Collectors.joining(","))
        + "\n";
  }
}
