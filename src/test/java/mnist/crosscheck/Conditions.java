package mnist.crosscheck;

import java.util.Map;
import java.util.TreeSet;
import mnist.data.DataSet;
import mnist.training.Stage;

/**
 * What two runs must have in common for their numbers to be comparable.
 *
 * @param stage the stage's number
 * @param iterations the last iteration
 * @param batchSize images per step
 * @param seed of weights, dropout and the order of the images
 * @param sha256 of the data set's files: file name → hexadecimal digits
 */
public record Conditions(
    String stage, int iterations, int batchSize, long seed, Map<String, String> sha256) {

  /** A stage with the scripts' default batch size and seed. */
  public static Conditions defaults(Stage stage, int iterations, DataSet data) {
    return new Conditions(stage.name(), iterations, 100, 0, data.sha256());
  }

  /**
   * Requires that a run was made under these conditions.
   *
   * @param source the run's file or folder, for the message
   * @throws CrossCheckException that names the first difference
   */
  void requireEqual(Object source, Conditions found) throws CrossCheckException {
    requireEqual(source, "stage", stage, found.stage);
    requireEqual(source, "last iteration", iterations, found.iterations);
    requireEqual(source, "batch size", batchSize, found.batchSize);
    requireEqual(source, "seed", seed, found.seed);
    for (String file : new TreeSet<>(sha256.keySet())) {
      requireEqual(source, "SHA-256 of " + file, sha256.get(file), found.sha256.get(file));
    }
  }

  private static void requireEqual(Object source, String condition, Object expected, Object found)
      throws CrossCheckException {
    if (!expected.equals(found)) {
      throw new CrossCheckException(
          "%s is a different run: its %s is %s, expected %s"
              .formatted(source, condition, found, expected));
    }
  }
}
