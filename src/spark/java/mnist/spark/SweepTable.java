package mnist.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The results of a sweep: a row for each combination of options, aggregated over its seeds.
 *
 * @param options the options with several values, except the seed
 * @param rows in the grid's order
 */
record SweepTable(List<String> options, List<Row> rows) {
  private static final String SEED = "--seed";

  /**
   * A trial with its result.
   *
   * @param error why it failed; empty if it succeeded
   */
  record Entry(Trial trial, TrialResult result, String error) {
    boolean failed() {
      return !error.isEmpty() || Double.isNaN(result.best());
    }
  }

  /**
   * One combination of options.
   *
   * @param options the values of {@link SweepTable#options}
   * @param entries one for each seed
   */
  record Row(List<String> options, List<Entry> entries) {
    /** A metric of the successful trials, such as their best accuracies. */
    List<Double> values(ToDoubleFunction<TrialResult> metric) {
      return entries.stream()
          .filter(entry -> !entry.failed())
          .map(entry -> metric.applyAsDouble(entry.result()))
          .toList();
    }

    long failures() {
      return entries.stream().filter(Entry::failed).count();
    }

    String label() {
      return options.isEmpty() ? "all" : String.join(", ", options);
    }
  }

  /**
   * Reads the results from the runs' folders.
   *
   * @param errors of failed trials, by the trials' names
   */
  static SweepTable of(Grid grid, List<Trial> trials, Map<String, String> errors)
      throws IOException {
    List<String> options = grid.varying().stream().filter(option -> !option.equals(SEED)).toList();
    Map<List<String>, Row> rows = new LinkedHashMap<>();
    for (Trial trial : trials) {
      TrialResult result = TrialResult.read(Path.of(trial.folder()));
      List<String> values = options.stream().map(trial.values()::get).toList();
      rows.computeIfAbsent(values, key -> new Row(key, new ArrayList<>()))
          .entries()
          .add(new Entry(trial, result, errors.getOrDefault(trial.name(), "")));
    }
    return new SweepTable(options, List.copyOf(rows.values()));
  }

  /** The mean; NaN if there are no numbers. */
  static double mean(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  /** The sample standard deviation; NaN if there are fewer than two numbers. */
  static double standardDeviation(List<Double> numbers) {
    double mean = mean(numbers);
    double squares = numbers.stream().mapToDouble(x -> (x - mean) * (x - mean)).sum();
    return numbers.size() < 2 ? Double.NaN : Math.sqrt(squares / (numbers.size() - 1));
  }

  /** The failed trials. */
  List<Entry> failures() {
    return rows.stream().flatMap(row -> row.entries().stream()).filter(Entry::failed).toList();
  }

  /** For reading: accuracies in percent with their standard deviation, time in seconds. */
  String toMarkdown() {
    StringBuilder text = new StringBuilder();
    options.forEach(option -> text.append("| ").append(option.substring(2)).append(' '));
    text.append("| runs | best accuracy | last accuracy | time | failed |\n");
    text.append("|---".repeat(options.size() + 5)).append("|\n");
    for (Row row : rows) {
      row.options().forEach(value -> text.append("| ").append(value).append(' '));
      List<Double> seconds = row.values(TrialResult::seconds);
      text.append(
          String.format(
              Locale.ROOT,
              "| %d | %s | %s | %s | %s |%n",
              row.entries().size() - row.failures(),
              percent(row.values(TrialResult::best)),
              percent(row.values(TrialResult::last)),
              seconds.isEmpty() ? "" : String.format(Locale.ROOT, "%.1f s", mean(seconds)),
              row.failures() == 0 ? "" : row.failures()));
    }
    for (Entry entry : failures()) {
      text.append(String.format("%n%s failed: %s%n", entry.trial().name(), entry.error()));
    }
    return text.toString();
  }

  private static String percent(List<Double> accuracies) {
    if (accuracies.isEmpty()) {
      return "";
    }
    String mean = String.format(Locale.ROOT, "%.2f", 100 * mean(accuracies));
    double deviation = standardDeviation(accuracies);
    return Double.isNaN(deviation)
        ? mean + "%"
        : String.format(Locale.ROOT, "%s ± %.2f%%", mean, 100 * deviation);
  }

  /** For programs: the same values unrounded, accuracies 0..1; missing ones are empty. */
  String toCsv() {
    List<String> header = new ArrayList<>(options.stream().map(o -> o.substring(2)).toList());
    String columns = "runs best_mean best_stddev last_mean last_stddev seconds_mean failed";
    header.addAll(List.of(columns.split(" ")));
    StringBuilder text = new StringBuilder(line(header));
    for (Row row : rows) {
      List<Double> best = row.values(TrialResult::best);
      List<Double> last = row.values(TrialResult::last);
      List<String> cells = new ArrayList<>(row.options());
      cells.add(String.valueOf(row.entries().size() - row.failures()));
      cells.add(number(mean(best)));
      cells.add(number(standardDeviation(best)));
      cells.add(number(mean(last)));
      cells.add(number(standardDeviation(last)));
      cells.add(number(mean(row.values(TrialResult::seconds))));
      cells.add(String.valueOf(row.failures()));
      text.append(line(cells));
    }
    return text.toString();
  }

  /** For programs: a line for each trial. */
  String trialsToCsv() {
    List<String> header = new ArrayList<>(List.of("run"));
    rows.get(0).entries().get(0).trial().values().keySet().stream()
        .map(option -> option.substring(2))
        .forEach(header::add);
    header.addAll(List.of("best", "last", "seconds", "failed"));
    StringBuilder text = new StringBuilder(line(header));
    for (Row row : rows) {
      for (Entry entry : row.entries()) {
        List<String> cells = new ArrayList<>(List.of(entry.trial().name()));
        cells.addAll(entry.trial().values().values());
        cells.add(number(entry.result().best()));
        cells.add(number(entry.result().last()));
        cells.add(number(entry.result().seconds()));
        cells.add(entry.error());
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
