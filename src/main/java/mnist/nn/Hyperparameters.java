package mnist.nn;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/**
 * The options of a network. A stage presets its own values ({@code Stage.defaults}); the command
 * line overwrites those that are given; {@code run.json} holds the result.
 *
 * <p>A field that is null does not exist in the network: no choice of activation, no dropout, or a
 * learning rate that is not constant but decays in the graph.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class Hyperparameters {
  /** The {@code seed} attribute of every random node, and the seed of the order of the images. */
  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Seed of the initial weights, of dropout and of the order of the images. Equal seeds give"
              + " equal numbers. Default: ${DEFAULT-VALUE}")
  public long seed;

  /** A constant learning rate, above 0. Every network takes one in place of a decaying rate. */
  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "Constant learning rate. Default: ${DEFAULT-VALUE}")
  public Float learningRate;

  /** The activation of the hidden layers. */
  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description =
          "Activation of the hidden layers, sigmoid or relu. With relu the biases start at 0.1,"
              + " with sigmoid at 0. Default: ${DEFAULT-VALUE}")
  public Activation activation;

  /** The share of the neurons that dropout keeps in training, above 0 and at most 1. */
  @Option(
      names = "--keep-probability",
      paramLabel = "X",
      description =
          "Share of the neurons that dropout keeps in training; 1 for no dropout. Default:"
              + " ${DEFAULT-VALUE}")
  public Float keepProbability;

  /** Of a stage's defaults: the options that do not apply to its network, and why. */
  public Map<String, String> unusedOptions() {
    Map<String, String> unused = new LinkedHashMap<>();
    if (activation == null) {
      unused.put("--activation", "the activations of this stage are fixed");
    }
    if (keepProbability == null) {
      unused.put("--keep-probability", "this stage has no dropout");
    }
    return unused;
  }

  /**
   * @throws IllegalArgumentException if a value is out of its range
   */
  public void check() {
    check(
        learningRate == null || learningRate > 0 && Float.isFinite(learningRate),
        "--learning-rate must be a number above 0",
        learningRate);
    check(
        keepProbability == null || keepProbability > 0 && keepProbability <= 1,
        "--keep-probability must be above 0 and at most 1",
        keepProbability);
  }

  private static void check(boolean inRange, String expected, Float found) {
    if (!inRange) {
      throw new IllegalArgumentException(expected + ", found " + found);
    }
  }
}
