package mnist.network;

import java.util.Optional;

/**
 * What whoever runs a stage may choose about its network; what is left empty stays as the
 * tutorial's script has it.
 *
 * @param seed the {@code seed} attribute of every random node
 * @param activation replaces the stage's activation
 * @param learningRate a constant that replaces the stage's learning rate, above 0
 * @param keepProbability replaces the stage's keep probability in training, above 0 and at most 1
 */
public record Choices(
    long seed,
    Optional<Activation> activation,
    Optional<Float> learningRate,
    Optional<Float> keepProbability) {

  /** The stage as the tutorial has it. */
  public static Choices ofTheScript(long seed) {
    return new Choices(seed, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
