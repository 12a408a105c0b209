package mnist.runs;

import static mnist.data.LabeledImages.CLASSES;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What holds for a whole run: the first block of its {@link ViewRecord}, as JSON.
 *
 * @param stage the stage's number
 * @param title its network in a few words
 * @param reportedAccuracy the test accuracy that the tutorial reports, 0..1
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

  private static final int MAX_SIZE = 10_000;

  /** Refuses what no run records; a record may come from anywhere. */
  public RecordHeader {
    require(stage != null && title != null && dataSet != null, "its stage, title or data set");
    require(reportedAccuracy >= 0 && reportedAccuracy <= 1, "reported_accuracy");
    require(iterations >= 0, "iterations");
    require(classNames != null && classNames.size() == CLASSES, "class_names");
    require(classNames.stream().allMatch(Objects::nonNull), "class_names");
    require(testLabels != null && testImages >= 0, "test_labels");
    require(testLabels.length == (testImages + 1L) / 2, "test_labels");
    require(
        ViewRecordFormat.areClasses(ViewRecordFormat.unpack(testLabels, testImages)),
        "test_labels");
    require(groups != null && groups.stream().allMatch(Group::isValid), "groups");
    List<String> names = groups.stream().map(Group::name).toList();
    require(panels != null && panels.size() == 2 && names.containsAll(panels), "panels");
    require(firstLayer != null && firstLayer.isValid(), "first_layer");
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new IllegalArgumentException(what);
    }
  }

  /**
   * Tensors that are shown together, one per layer, from the input up.
   *
   * @param name such as weights or logits
   * @param nodes their names in the graph
   * @param labels their names on the page; null in records of earlier versions
   */
  public record Group(String name, List<String> nodes, List<String> labels) {
    private boolean isValid() {
      return name != null
          && !name.isEmpty()
          && nodes != null
          && (labels == null || labels.size() == nodes.size());
    }
  }

  /**
   * The first layer's weights as images, one for each of the first neurons or channels.
   *
   * @param node the variable
   * @param rows the height of an image
   * @param columns its width
   * @param pictures the number of recorded images
   * @param neurons the number of neurons or channels of the layer
   */
  public record FirstLayer(String node, int rows, int columns, int pictures, int neurons) {
    private boolean isValid() {
      return node != null
          && IntStream.of(rows, columns, pictures, neurons).allMatch(n -> n >= 1 && n <= MAX_SIZE);
    }

    /** The number of recorded pixels. */
    long pixels() {
      return (long) rows * columns * pictures;
    }
  }
}
