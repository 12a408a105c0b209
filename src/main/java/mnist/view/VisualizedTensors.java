package mnist.view;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mnist.nn.Network;
import mnist.runs.RecordHeader;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/** Which nodes of a network are worth seeing, found by the tutorial's names. */
final class VisualizedTensors {
  /** So many pictures of the first layer's weights at most; more do not fit a panel. */
  private static final int MOST_PICTURES = 20;

  private static final int SIDE = 28;

  private VisualizedTensors() {}

  /**
   * Weights, biases, logits and activations of every layer, and what batch norm makes of the
   * logits. A layer's activations are {@code Y1}, {@code Y2} … and {@code Y}; its logits are {@code
   * Y1l} …, or what the activations are computed from. Where the network has {@code Y1max} …, each
   * neuron's largest activation over the batch, they are groups too.
   */
  static List<RecordHeader.Group> groups(Network network) {
    List<String> weights = new ArrayList<>();
    List<String> biases = new ArrayList<>();
    for (Operand<TFloat32> variable : network.trained()) {
      String name = variable.asOutput().op().name();
      if (name.startsWith("W")) {
        weights.add(name);
      } else if (!name.startsWith("S")) { // batch norm's scales; its offsets are biases
        biases.add(name);
      }
    }
    Map<String, NodeDef> nodes = new HashMap<>();
    network.graph().toGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    List<String> activations = new ArrayList<>();
    for (int layer = 1; nodes.containsKey("Y" + layer); layer++) {
      activations.add("Y" + layer);
    }
    activations.add("Y");
    List<String> logits =
        activations.stream()
            .map(y -> nodes.containsKey(y + "l") ? y + "l" : nodes.get(y).getInput(0))
            .toList();
    List<RecordHeader.Group> groups = new ArrayList<>();
    groups.add(new RecordHeader.Group("weights", weights));
    groups.add(new RecordHeader.Group("biases", biases));
    groups.add(new RecordHeader.Group("logits", logits));
    groups.add(new RecordHeader.Group("activations", activations));
    group("normalised", activations, "bn", nodes.keySet()).ifPresent(groups::add);
    List<String> flat = activations.stream().filter(y -> rank(network, y) == 2).toList();
    List<String> channels = activations.stream().filter(y -> rank(network, y) == 4).toList();
    group("maxima", flat, "max", nodes.keySet()).ifPresent(groups::add);
    group("convolutional maxima", channels, "max", nodes.keySet()).ifPresent(groups::add);
    return groups;
  }

  private static Optional<RecordHeader.Group> group(
      String name, List<String> layers, String suffix, Set<String> nodes) {
    List<String> found =
        layers.stream().map(layer -> layer + suffix).filter(nodes::contains).toList();
    return found.isEmpty() ? Optional.empty() : Optional.of(new RecordHeader.Group(name, found));
  }

  private static int rank(Network network, String node) {
    return network.graph().operation(node).output(0).shape().numDimensions();
  }

  /**
   * What the tutorial's scripts show in their panels 4 and 5: weights and biases; with batch norm
   * logits and activations, or those maxima.
   */
  static List<String> panels(List<RecordHeader.Group> groups) {
    List<String> names = groups.stream().map(RecordHeader.Group::name).toList();
    if (names.contains("convolutional maxima")) {
      return List.of("convolutional maxima", "maxima");
    }
    if (names.contains("maxima")) {
      return List.of("logits", "maxima");
    }
    return names.contains("normalised")
        ? List.of("logits", "activations")
        : List.of("weights", "biases");
  }

  /** The first weights: of a dense layer [784, neurons], of a convolution [rows, columns, 1, n]. */
  static RecordHeader.FirstLayer firstLayer(Network network) {
    Operand<TFloat32> first = network.variables().get(0);
    Shape shape = first.shape();
    boolean dense = shape.numDimensions() == 2;
    int neurons = (int) shape.get(shape.numDimensions() - 1);
    return new RecordHeader.FirstLayer(
        first.asOutput().op().name(),
        dense ? SIDE : (int) shape.get(0),
        dense ? SIDE : (int) shape.get(1),
        Math.min(neurons, MOST_PICTURES),
        neurons);
  }
}
