package mnist.export;

import java.util.List;
import java.util.Map;

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
    Map<String, String> versions) {}
