package mnist.model;

import java.util.List;
import java.util.Map;
import mnist.data.DataSet;
import mnist.platform.Versions;
import mnist.training.Stage;
import mnist.training.TrainingResult;

/**
 * A model's origin and quality, stored next to its graph and weights.
 *
 * @param stage the stage's number
 * @param title a short description of its network
 * @param dataSet name of the data set that it was trained on
 * @param iteration number of training steps after which it had these weights
 * @param testAccuracy the share of test images classified correctly, 0..1
 * @param weightsSha256 checksum of all variables in the stage's order, each row-major as
 *     little-endian float32
 * @param classNames names of the classes 0..9
 * @param versions of the program, TensorFlow and the Java virtual machine
 */
public record ModelCard(
    String stage,
    String title,
    String dataSet,
    int iteration,
    float testAccuracy,
    String weightsSha256,
    List<String> classNames,
    Map<String, String> versions) {

  /** The card of a model with the weights that had the best test accuracy. */
  public static ModelCard of(Stage stage, DataSet data, TrainingResult.Best best) {
    return new ModelCard(
        stage.name(),
        stage.title(),
        data.name(),
        best.measurement().iteration(),
        best.measurement().accuracy(),
        best.weights().sha256(),
        data.classNames(),
        Versions.all());
  }
}
