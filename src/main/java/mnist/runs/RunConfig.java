package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mnist.data.sources.DataSource;
import mnist.nn.Hyperparameters;
import mnist.platform.Json;
import mnist.platform.Sha256;
import mnist.training.Schedule;
import mnist.training.Stage;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The configuration of a run: every option that its numbers depend on. The command line sets the
 * fields, {@code run.json} holds them as {@code options}, and a resumed run reads them back. A key
 * in {@code run.json} is the option's name with underscores.
 */
public final class RunConfig {
  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      description =
          "auto, mnist, fashion-mnist or synthetic. auto is MNIST, or drawn digits where MNIST can"
              + " neither be found nor downloaded. Default: ${DEFAULT-VALUE}")
  public DataSource dataset = DataSource.AUTO;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description = "Number of the last iteration, counted from 0. Default: ${DEFAULT-VALUE}")
  public int iterations;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Images per step. Default: ${DEFAULT-VALUE}")
  public int batchSize = 100;

  @Mixin @JsonUnwrapped public Hyperparameters hyperparameters = new Hyperparameters();

  @Option(
      names = "--no-onednn",
      description =
          "Use TensorFlow's own kernels instead of oneDNN's: a step with convolutions takes about 2.5"
              + " times as long, and results differ in the last bits.")
  public boolean noOnednn;

  /** The configuration of a stage's script. */
  public static RunConfig defaults(Stage stage) {
    RunConfig config = new RunConfig();
    config.iterations = stage.schedule().iterations();
    config.hyperparameters = stage.defaults(0);
    return config;
  }

  /**
   * A checksum that tells runs with different numbers apart; the last iteration does not change
   * those before it, and the kernels are compared apart. A later option must be left out where it
   * has its default, for checkpoints that were written before.
   *
   * @param stage the stage's number
   * @param data the SHA-256 of the data set's files, by name
   */
  public String sha256(String stage, Map<String, String> data) {
    Map<String, Object> all = new TreeMap<>(Map.of("stage", stage, "data", new TreeMap<>(data)));
    ObjectNode options = Json.MAPPER.valueToTree(this);
    options.remove(List.of("iterations", "no_onednn"));
    options.properties().forEach(option -> all.put(option.getKey(), option.getValue()));
    return Sha256.of(Json.MAPPER.valueToTree(all).toString().getBytes(UTF_8));
  }

  /**
   * Checks the range of each value.
   *
   * @throws IllegalArgumentException if one is out of its range; names the option and the value
   */
  public void check() {
    if (iterations < 0 || iterations > Schedule.MAX_ITERATIONS) {
      throw new IllegalArgumentException(
          "--iterations must be 0 to %d, found %d".formatted(Schedule.MAX_ITERATIONS, iterations));
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException("--batch-size must be 1 or more, found " + batchSize);
    }
    hyperparameters.check();
  }
}
