package mnist.crosscheck;

import java.util.Map;
import java.util.TreeSet;
import mnist.data.DataSet;
import mnist.training.Stage;

/**
 * What two runs must have in common for their numbers to be compared.
 *
 * @param stage the stage's number
 * @param iterations the last iteration
 * @param batchSize images per step
 * @param seed of weights, dropout and the order of the images
 * @param sha256 of the data set's files: file name → hexadecimal digits
 */
public record Conditions(
    String stage, int iterations, int batchSize, long seed, Map<String, String> sha256) {

  /** A stage with the scripts' own batch size and seed. */
  public static Conditions defaultValue(Stage stage, int iterations, DataSet data) {
    return new Conditions(stage.name(), iterations, 100, 0, data.sha256());
  }

  /**
   * Refuses a record of a run under other conditions than these.
   *
   * @param record what is told of, such as its file or folder
   * @throws CrossCheckException which says what is other
   */
  void refuseOther(Object record, Conditions found) throws CrossCheckException {
    refuseOther(record, "stage", stage, found.stage);
    refuseOther(record, "last iteration", iterations, found.iterations);
    refuseOther(record, "batch size", batchSize, found.batchSize);
    refuseOther(record, "seed", seed, found.seed);
    for (String file : new TreeSet<>(sha256.keySet())) {
      refuseOther(record, "SHA-256 of " + file, sha256.get(file), found.sha256.get(file));
    }
  }

  private static void refuseOther(Object record, String what, Object expected, Object found)
      throws CrossCheckException {
    if (!expected.equals(found)) {
      throw new CrossCheckException(
          "%s is a run of something else: its %s is %s, expected %s"
              .formatted(record, what, found, expected));
    }
  }
}
