package mnist.bench;

import static mnist.bench.Column.text;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Measurements of several stages.
 *
 * @param iterations the last iteration of each training round
 * @param predictions number of single-image predictions in each prediction round
 * @param training rounds by stage number
 * @param prediction rounds by stage number
 * @param longTraining memory over a long training, null if not requested
 * @param longPrediction memory over many predictions, null if not requested
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BenchResults(
    int iterations,
    int predictions,
    Map<String, List<TrainingRound>> training,
    Map<String, List<PredictionRound>> prediction,
    MemoryTrend longTraining,
    MemoryTrend longPrediction) {

  /** Memory in RAM after a tenth of many repetitions and after the last. */
  public record MemoryTrend(String stage, int count, double earlyMegabytes, double lateMegabytes) {
    private String toText(String unit) {
      return text(
          "%nStage %s over %,d %s: %.0f MB after the first tenth, %.0f MB at the end (%+.1f%%)%n",
          stage,
          count,
          unit,
          earlyMegabytes,
          lateMegabytes,
          100 * (lateMegabytes / earlyMegabytes - 1));
    }
  }

  private static final List<Column<TrainingRound>> TRAINING =
      List.of(
          new Column<>("ms/step", "%.2f", TrainingRound::stepMillis),
          new Column<>("images/s", "%.0f", TrainingRound::imagesPerSecond),
          new Column<>("first step s", "%.2f", TrainingRound::firstStepSeconds),
          new Column<>("peak memory MB", "%.0f", TrainingRound::peakMegabytes),
          new Column<>("garbage bytes/step", "%.0f", TrainingRound::garbageBytes));

  private static final List<Column<PredictionRound>> PREDICTION =
      List.of(
          new Column<>("load ms", "%.0f", PredictionRound::loadMillis),
          new Column<>("one image: median ms", "%.3f", PredictionRound::medianMillis),
          new Column<>("99% below ms", "%.3f", PredictionRound::p99Millis),
          new Column<>("images/s by 1", "%.0f", PredictionRound::imagesPerSecondBy1),
          new Column<>("by 100", "%.0f", PredictionRound::imagesPerSecondBy100),
          new Column<>("by 10,000", "%.0f", PredictionRound::imagesPerSecondBy10000));

  /** Tables of medians, in Markdown. */
  public String toText() {
    return text(
            "Training: medians of %d rounds of %,d steps, batches of 100 images%n%n",
            rounds(training), iterations + 1)
        + table(training, TRAINING)
        + (longTraining == null ? "" : longTraining.toText("steps"))
        + text(
            "%nPrediction: medians of %d rounds, %,d images one at a time, then batches%n%n",
            rounds(prediction), predictions)
        + table(prediction, PREDICTION)
        + (longPrediction == null ? "" : longPrediction.toText("predictions"));
  }

  private static <T> String table(Map<String, List<T>> stages, List<Column<T>> columns) {
    List<String> titles = new ArrayList<>(List.of("stage"));
    columns.forEach(column -> titles.add(column.title()));
    MarkdownTable table = new MarkdownTable(titles);
    stages.forEach(
        (stage, rounds) -> {
          List<String> cells = new ArrayList<>(List.of(stage));
          columns.forEach(column -> cells.add(column.median(rounds)));
          table.add(cells);
        });
    return table.toString();
  }

  private static <T> int rounds(Map<String, List<T>> stages) {
    return stages.values().iterator().next().size();
  }
}
