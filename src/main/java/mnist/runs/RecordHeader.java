package mnist.runs;

import java.util.List;

/**
 * What of a run is the same at every moment: the first block of its {@link ViewRecord}, as JSON.
 *
 * @param stage the stage's number
 * @param title its network in a few words
 * @param reportedAccuracy the tutorial's best test accuracy, 0..1
 * @param iterations the last iteration that is wanted
 * @param batchSize images per step
 * @param dataSet the data set's name
 * @param classNames names of the classes 0..9
 * @param testImages number of test images
 * @param testLabels the right class of each test image, two to a byte, the first one in the low
 *     bits
 * @param groups whose spread is recorded, in this order
 * @param panels the groups that panels 4 and 5 show first
 * @param firstLayer the weights that are recorded as pictures
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
   * Nodes that are shown together.
   *
   * @param name such as weights or logits
   * @param nodes one of each layer, from the image up
   */
  public record Group(String name, List<String> nodes) {}

  /**
   * The first layer's weights as pictures, one for each of the first neurons or channels.
   *
   * @param node the variable
   * @param rows height of a picture
   * @param columns its width
   * @param pictures how many are recorded
   * @param neurons how many there are
   */
  public record FirstLayer(String node, int rows, int columns, int pictures, int neurons) {}
}
