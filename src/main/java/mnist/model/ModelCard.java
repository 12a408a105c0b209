package mnist.model;

import java.util.List;
import java.util.Map;
import mnist.data.DataSet;
import mnist.platform.Versions;
import mnist.training.Stage;
import mnist.training.TrainingResult;

/**
 * What a model says of itself, beside its graph and its weights.
 *
 * @param stage the stage's number
 * @param title its network in a few words
 * @param dataSet name of the data set that it was trained on
 * @param iteration the iteration before whose step it had these weights
 * @param testAccuracy the share of test images that it recognises, 0..1
 * @param weightsSha256 of its variables in the chapter's order, each row-major as little-endian
 *     float32
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

  /** Of a model with the weights of the best test measurement. */
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
