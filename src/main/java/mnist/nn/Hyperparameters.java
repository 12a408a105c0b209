package mnist.nn;

import java.util.Optional;

/**
 * What whoever runs a stage may set about its network; what is left empty stays as the tutorial's
 * script has it.
 *
 * @param seed the {@code seed} attribute of every random node, and of the order of the images
 * @param activation of the hidden layers
 * @param learningRate a constant one, above 0
 * @param keepProbability the share of the neurons that dropout keeps in training, above 0 and at
 *     most 1
 */
public record Hyperparameters(
    long seed,
    Optional<Activation> activation,
    Optional<Float> learningRate,
    Optional<Float> keepProbability) {

  /**
   * @throws IllegalArgumentException if one is out of its range
   */
  public Hyperparameters {
    learningRate.ifPresent(
        rate -> check(rate > 0 && Float.isFinite(rate), "learning rate", "a number above 0", rate));
    keepProbability.ifPresent(
        p -> check(p > 0 && p <= 1, "keep probability", "above 0 and at most 1", p));
  }

  private static void check(boolean good, String what, String expected, float found) {
    if (!good) {
      throw new IllegalArgumentException(what + " must be " + expected + ", found " + found);
    }
  }

  /** The stage as the tutorial has it. */
  public static Hyperparameters defaults(long seed) {
    return new Hyperparameters(seed, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
