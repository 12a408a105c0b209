package mnist.crosscheck;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.network.Hyperparameters;
import mnist.network.Network;
import mnist.platform.Versions;
import mnist.training.Measurement;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;

/** What a full run of a Python script found, kept in {@code python-reference/expected}. */
public final class ExpectedRun {
  /** So many of the first measurements are compared. */
  private static final int MEASUREMENTS = 50;

  /** Relative, on a processor with the same instruction sets. */
  private static final double LOSS_BOUND = 1e-5;

  /** Relative, on any other: its kernels add up in another order, which grows from step to step. */
  private static final double LOSS_BOUND_ELSEWHERE = 0.1;

  /** Of the final accuracy: 0.3 points. */
  private static final double ACCURACY_BOUND = 0.003;

  private final JsonNode run;

  private ExpectedRun(JsonNode run) {
    this.run = run;
  }

  /** Reads {@code expected/<stage>.json}. */
  public static ExpectedRun read(Path file) throws IOException {
    return new ExpectedRun(new ObjectMapper().readTree(file.toFile()));
  }

  /**
   * Trains the stage without oneDNN and compares.
   *
   * @param full all iterations and the final accuracy, or only the first measurements
   * @return empty if all is as expected, else one line about the first difference
   */
  public Optional<String> firstDifference(Stage stage, DataSet data, boolean full)
      throws IOException {
    List<Measurement> found = new ArrayList<>();
    int last = full ? stage.schedule().iterations() : expected(MEASUREMENTS - 1).iteration();
    try (Network network = stage.network(Hyperparameters.ofTheScript(0));
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(last), network, data, 100)) {
      String initial = loop.weights().sha256();
      if (!initial.equals(run.path("initial_weights_sha256").asText())) {
        return Optional.of("the initial weights have the SHA-256 " + initial);
      }
      loop.run(TrainingListener.keeping(found), () -> false);
    } catch (TrainingException e) {
      return Optional.of(e.getMessage());
    }
    for (int i = 0; i < MEASUREMENTS; i++) {
      Optional<String> difference = difference(found.get(i), expected(i));
      if (difference.isPresent()) {
        return difference;
      }
    }
    return full ? accuracyDifference(found) : Optional.empty();
  }

  private Measurement expected(int i) {
    JsonNode m = run.path("measurements").path(i);
    return new Measurement(
        m.path(0).asInt(),
        m.path(1).asInt(),
        Split.valueOf(m.path(2).asText()),
        (float) m.path(3).asDouble(),
        (float) m.path(4).asDouble(),
        (float) m.path(5).asDouble());
  }

  private Optional<String> difference(Measurement found, Measurement expected) {
    double bound = sameProcessor() ? LOSS_BOUND : LOSS_BOUND_ELSEWHERE;
    boolean same =
        found.iteration() == expected.iteration()
            && found.set() == expected.set()
            && Math.abs(found.learningRate() - expected.learningRate()) < 1e-9
            && Math.abs(found.loss() - expected.loss()) <= bound * expected.loss();
    return same ? Optional.empty() : Optional.of("found " + found + ", expected " + expected);
  }

  private Optional<String> accuracyDifference(List<Measurement> found) {
    double expected = run.path("last_test_accuracy").asDouble();
    double last = found.get(found.size() - 1).accuracy();
    return Math.abs(last - expected) <= ACCURACY_BOUND
        ? Optional.empty()
        : Optional.of("the final test accuracy is " + last + ", expected " + expected);
  }

  private boolean sameProcessor() {
    Set<String> theirs = new TreeSet<>();
    run.path("platform").path("cpu_flags").forEach(flag -> theirs.add(flag.asText()));
    return theirs.equals(new TreeSet<>(Versions.cpuFlags()));
  }
}
