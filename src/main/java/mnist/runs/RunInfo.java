package mnist.runs;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataSet;
import mnist.platform.ErrorMessages;
import mnist.platform.Versions;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingResult;

/**
 * The content of {@code run.json}. Fields that are not known yet, or do not apply, are null and
 * left out.
 *
 * @param stage the stage's number
 * @param title its network in a few words
 * @param status running, completed, interrupted or failed
 * @param started when the run started, ISO 8601 in UTC
 * @param ended when it ended
 * @param options the options in effect, defaults included
 * @param data the data set
 * @param versions of the program, TensorFlow and the Java virtual machine that it started with
 * @param platform operating system, processor, threads, and the environment variables that matter,
 *     that it started with
 * @param resumed where and when it was resumed, each time
 * @param error why the run failed
 * @param results of the training
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunInfo(
    String stage,
    String title,
    String status,
    String started,
    String ended,
    RunConfig options,
    Data data,
    Map<String, String> versions,
    Map<String, Object> platform,
    List<Resumption> resumed,
    String error,
    Results results) {
  public static final String RUNNING = "running";
  public static final String COMPLETED = "completed";
  public static final String FAILED = "failed";

  /** Shown in place of the status where {@code run.json} is damaged or has none. */
  public static final String UNREADABLE = "unreadable";

  /**
   * The run was resumed.
   *
   * @param iteration the first one after that
   * @param at ISO 8601 in UTC
   * @param versions as of the run, from here on; null in runs of earlier versions
   * @param platform as of the run, from here on; null in runs of earlier versions
   * @param otherKernels in what they differ from those that the run started with, so that its
   *     numbers are no longer those of one machine; null if in nothing
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Resumption(
      int iteration,
      String at,
      Map<String, String> versions,
      Map<String, Object> platform,
      List<String> otherKernels) {}

  /**
   * The data set of a run.
   *
   * @param sha256 of its unpacked files
   */
  public record Data(
      String name, String source, int trainingImages, int testImages, Map<String, String> sha256) {}

  /**
   * The results of a training.
   *
   * @param accuracyPerClass in the best test measurement, as is the confusion matrix
   * @param confusion confusion[label][predicted]
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

    private static Results of(TrainingResult result, List<String> classNames) {
      Optional<TrainingResult.Best> best = result.best();
      return new Results(
          result.steps(),
          best.map(TrainingResult.Best::measurement).orElse(null),
          result.last().orElse(null),
          result.medianStepMillis(),
          result.seconds(),
          best.map(b -> perClass(b, classNames)).orElse(null),
          best.map(b -> b.confusion().counts()).orElse(null),
          result.finalWeights().sha256(),
          null);
    }

    private Results with(Model saved) {
      return new Results(
          steps,
          bestTest,
          lastTest,
          medianStepMs,
          seconds,
          accuracyPerClass,
          confusion,
          weightsSha256,
          saved);
    }

    private static Map<String, Double> perClass(TrainingResult.Best best, List<String> classNames) {
      Map<String, Double> accuracies = new LinkedHashMap<>();
      for (int c = 0; c < classNames.size(); c++) {
        accuracies.put(classNames.get(c), best.confusion().accuracy(c));
      }
      return accuracies;
    }
  }

  /**
   * The model that the run saved: where, and the weights of which iteration.
   *
   * @param folder relative to the run's folder, or absolute
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Model(String folder, Integer iteration, Float testAccuracy, String weightsSha256) {}

  /** A run that starts now. */
  public static RunInfo start(Stage stage, RunConfig options, DataSet data) {
    return new RunInfo(
        stage.name(),
        stage.title(),
        RUNNING,
        now(),
        null,
        options,
        new Data(
            data.name(),
            data.source(),
            data.training().count(),
            data.test().count(),
            data.sha256()),
        Versions.all(),
        Versions.platform(!options.noOnednn),
        null,
        null,
        null);
  }

  /**
   * The same run, resumed now from an iteration.
   *
   * @param oneDnn whether oneDNN's kernels are enabled
   */
  public RunInfo resume(int iteration, RunConfig newOptions, boolean oneDnn) {
    List<String> other = otherKernels(oneDnn);
    List<Resumption> all = new ArrayList<>(resumed == null ? List.of() : resumed);
    all.add(
        new Resumption(
            iteration,
            now(),
            Versions.all(),
            Versions.platform(oneDnn),
            other.isEmpty() ? null : other));
    return with(RUNNING, null, newOptions, all, null, null);
  }

  /**
   * In what this process differs from the one that started the run, as far as numbers depend on it.
   *
   * @param oneDnn whether oneDNN's kernels are enabled
   */
  public List<String> otherKernels(boolean oneDnn) {
    List<String> all = new ArrayList<>();
    String recorded = versions == null ? null : versions.get("tensorflow");
    String current = Versions.all().get("tensorflow");
    if (recorded != null && !recorded.equals(current)) {
      all.add("TensorFlow was %s, is %s".formatted(recorded, current));
    }
    if (platform != null) {
      all.addAll(Versions.differences(platform, Versions.platform(oneDnn)));
    }
    return all;
  }

  /** The same run with the results of its training; its model is still to be saved. */
  RunInfo with(TrainingResult result, List<String> classNames) {
    return with(status, ended, options, resumed, error, Results.of(result, classNames));
  }

  /** The same run, which has saved its model. */
  RunInfo with(Model model) {
    return with(status, ended, options, resumed, error, results.with(model));
  }

  /** The same run, ended. */
  RunInfo end(TrainingResult.Status newStatus) {
    return with(newStatus.name().toLowerCase(Locale.ROOT), now(), options, resumed, null, results);
  }

  /** The same run, failed; results that it has are kept. */
  RunInfo fail(Throwable reason) {
    return with(FAILED, now(), options, resumed, ErrorMessages.summarize(reason), results);
  }

  /**
   * Whether everything that the run leaves is there. Earlier versions recorded a completed run
   * before its model was saved, and then, without a folder, a model that could not be.
   */
  boolean isComplete() {
    return COMPLETED.equals(status)
        && (results == null || results.model == null || results.model.folder != null);
  }

  private RunInfo with(
      String newStatus,
      String end,
      RunConfig config,
      List<Resumption> resumptions,
      String failure,
      Results newResults) {
    return new RunInfo(
        stage,
        title,
        newStatus,
        started,
        end,
        config,
        data,
        versions,
        platform,
        resumptions,
        failure,
        newResults);
  }

  private static String now() {
    return Instant.now().toString();
  }
}
