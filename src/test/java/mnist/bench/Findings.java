package mnist.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What a measurement of several stages came to.
 *
 * @param iterations the last iteration of each round of training
 * @param predictions how many images, one at a time, in each round of predicting
 * @param training the rounds of each stage, by its number
 * @param prediction the same
 * @param longTraining whether memory stays flat, null if that was not asked for
 * @param longPrediction the same
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Findings(
    int iterations,
    int predictions,
    Map<String, List<TrainingRound>> training,
    Map<String, List<PredictionRound>> prediction,
    LongTraining longTraining,
    LongPrediction longPrediction) {

  /** One round of very many steps; iterations as in a round. */
  public record LongTraining(String stage, int iterations, TrainingRound round) {}

  /** One round of very many predictions. */
  public record LongPrediction(String stage, int predictions, PredictionRound round) {}

  /** Two tables of medians, for people. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    add(
        text,
        "Training: medians of %d rounds of %,d steps, batches of 100 images%n%n",
        rounds(training),
        iterations + 1);
    add(text, "stage   ms/step   images/s   first step s   peak memory MB   garbage bytes/step%n");
    training.forEach(
        (stage, all) ->
            add(
                text,
                "%5s %9.2f %10.0f %14.2f %16.0f %20.0f%n",
                stage,
                median(all, TrainingRound::stepMillis),
                median(all, TrainingRound::imagesPerSecond),
                median(all, TrainingRound::firstStepSeconds),
                median(all, TrainingRound::peakMegabytes),
                median(all, TrainingRound::garbageBytes)));
    if (longTraining != null) {
      TrainingRound round = longTraining.round();
      addLong(
          text,
          longTraining.stage(),
          longTraining.iterations() + 1,
          "steps",
          round.earlyMegabytes(),
          round.lateMegabytes());
    }
    add(
        text,
        "%nPredicting: medians of %d rounds, %,d images one at a time, then batches%n%n",
        rounds(prediction),
        predictions);
    add(
        text,
        "stage   load ms   one image: median ms   99%% below ms   images/s by 1      by 100   by 10,000%n");
    prediction.forEach(
        (stage, all) ->
            add(
                text,
                "%5s %9.0f %22.3f %14.3f %15.0f %11.0f %11.0f%n",
                stage,
                median(all, PredictionRound::loadMillis),
                median(all, PredictionRound::medianMillis),
                median(all, PredictionRound::slowestHundredthMillis),
                median(all, PredictionRound::imagesPerSecondBy1),
                median(all, PredictionRound::imagesPerSecondBy100),
                median(all, PredictionRound::imagesPerSecondBy10000)));
    if (longPrediction != null) {
      PredictionRound round = longPrediction.round();
      addLong(
          text,
          longPrediction.stage(),
          longPrediction.predictions(),
          "predictions",
          round.earlyMegabytes(),
          round.lateMegabytes());
    }
    return text.toString();
  }

  private static void add(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
  }

  private static void addLong(
      StringBuilder text, String stage, int count, String what, double early, double late) {
    add(
        text,
        "%nStage %s over %,d %s: %.0f MB after the first tenth, %.0f MB at the end (%+.1f%%)%n",
        stage,
        count,
        what,
        early,
        late,
        100 * (late / early - 1));
  }

  private static <T> int rounds(Map<String, List<T>> stages) {
    return stages.values().iterator().next().size();
  }

  private static <T> double median(List<T> rounds, ToDoubleFunction<T> figure) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
