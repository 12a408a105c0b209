package mnist.runs;

import java.util.List;

/**
 * What holds for a whole run: the first block of its {@link ViewRecord}, as JSON.
 *
 * @param stage the stage's number
 * @param title its network in a few words
 * @param reportedAccuracy the tutorial's best test accuracy, 0..1
 * @param iterations the last iteration
 * @param batchSize images per step
 * @param dataSet the data set's name
 * @param classNames the names of the classes 0..9
 * @param testImages the number of test images
 * @param testLabels their labels, {@linkplain ViewRecordFormat#pack packed}
 * @param groups the groups of tensors whose quantiles are recorded, in this order
 * @param panels the groups that panels 4 and 5 show first
 * @param firstLayer the weights that are recorded as images
 */
public record RecordHeader(
    String stage,
    String title,
    double reportedAccuracy,
    int iterations,
    int batchSize,
    String dataSet,
    List<String> classNames,
    int testImages,
    byte[] testLabels,
    List<Group> groups,
    List<String> panels,
    FirstLayer firstLayer) {

  /**
   * Tensors that are shown together, one per layer, from the input up.
   *
   * @param name such as weights or logits
   * @param nodes their names in the graph
   * @param labels their names on the page; null in records of earlier versions
   */
  public record Group(String name, List<String> nodes, List<String> labels) {}

  /**
   * The first layer's weights as images, one for each of the first neurons or channels.
   *
   * @param node the variable
   * @param rows the height of an image
   * @param columns its width
   * @param pictures the number of recorded images
   * @param neurons the number of neurons or channels of the layer
   */
  public record FirstLayer(String node, int rows, int columns, int pictures, int neurons) {}
}
