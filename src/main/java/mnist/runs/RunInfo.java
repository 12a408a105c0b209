package mnist.runs;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataSet;
import mnist.platform.Versions;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingResult;

/**
 * What {@code run.json} says. What is not known yet, or never will be, is null and left out.
 *
 * @param stage the stage's number
 * @param title its network in a few words
 * @param status running, completed, interrupted or failed
 * @param started when the run began, ISO 8601 in UTC
 * @param ended when it ended
 * @param options the options in force, those left to their defaults included
 * @param data the data set
 * @param versions of the program, TensorFlow and the Java virtual machine
 * @param platform operating system, processor, and what of the environment matters
 * @param resumed where and when it was taken up again, each time
 * @param error why the run failed
 * @param results what came of it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunInfo(
    String stage,
    String title,
    String status,
    String started,
    String ended,
    Map<String, Object> options,
    Data data,
    Map<String, String> versions,
    Map<String, Object> platform,
    List<Resumption> resumed,
    String error,
    Results results) {

  /**
   * A run was taken up again.
   *
   * @param iteration the first one that was made then
   * @param at ISO 8601 in UTC
   */
  public record Resumption(int iteration, String at) {}

  public static final String RUNNING = "running";
  public static final String COMPLETED = "completed";

  /**
   * The data set of a run.
   *
   * @param sha256 of its files, unpacked
   */
  public record Data(
      String name, String source, int trainingImages, int testImages, Map<String, String> sha256) {
    static Data of(DataSet data) {
      return new Data(
          data.name(), data.source(), data.training().count(), data.test().count(), data.sha256());
    }
  }

  /**
   * What a training came to.
   *
   * @param accuracyPerClass in the best test measurement, and so is the confusion matrix
   * @param confusion confusion[right][said]
   * @param weightsSha256 of the final weights, those after the last step
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Results(
      int steps,
      Measurement bestTest,
      Measurement lastTest,
      double medianStepMs,
      double seconds,
      Map<String, Double> accuracyPerClass,
      int[][] confusion,
      String weightsSha256,
      Model model) {

    static Results of(TrainingResult outcome, List<String> classNames) {
      Optional<TrainingResult.Best> best = outcome.best();
      return new Results(
          outcome.steps(),
          best.map(TrainingResult.Best::measurement).orElse(null),
          outcome.last().orElse(null),
          outcome.medianStepMillis(),
          outcome.seconds(),
          best.map(b -> perClass(b, classNames)).orElse(null),
          best.map(b -> b.confusion().counts()).orElse(null),
          outcome.finalWeights().sha256(),
          null);
    }

    private static Map<String, Double> perClass(TrainingResult.Best best, List<String> classNames) {
      Map<String, Double> accuracies = new LinkedHashMap<>();
      for (int c = 0; c < classNames.size(); c++) {
        accuracies.put(classNames.get(c), best.confusion().accuracy(c));
      }
      return accuracies;
    }

    Results with(Model left) {
      return new Results(
          steps,
          bestTest,
          lastTest,
          medianStepMs,
          seconds,
          accuracyPerClass,
          confusion,
          weightsSha256,
          left);
    }
  }

  /**
   * The model that the run left: where, and the weights of which moment; or why there is none.
   *
   * @param folder in the run's folder, or absolute
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Model(
      String folder, Integer iteration, Float testAccuracy, String weightsSha256, String error) {}

  /** A run that starts now. */
  public static RunInfo starting(
      Stage stage, Map<String, Object> options, DataSet data, boolean oneDnn) {
    return new RunInfo(
        stage.name(),
        stage.title(),
        RUNNING,
        Instant.now().toString(),
        null,
        options,
        Data.of(data),
        Versions.all(),
        Versions.platform(oneDnn),
        null,
        null,
        null);
  }

  public RunInfo ended(String how, String when, String why, Results came) {
    return new RunInfo(
        stage, title, how, started, when, options, data, versions, platform, resumed, why, came);
  }

  /** The same run, going on from an iteration. */
  public RunInfo resumed(int iteration, Map<String, Object> optionsNow) {
    List<Resumption> all = new ArrayList<>(resumed == null ? List.of() : resumed);
    all.add(new Resumption(iteration, Instant.now().toString()));
    return new RunInfo(
        stage,
        title,
        RUNNING,
        started,
        null,
        optionsNow,
        data,
        versions,
        platform,
        all,
        null,
        null);
  }

  /** Whether its kernels were oneDNN's. */
  public boolean usedOneDnn() {
    return Boolean.TRUE.equals(platform.get("onednn"));
  }

  public RunInfo with(Model model) {
    return ended(status, ended, error, results.with(model));
  }
}
