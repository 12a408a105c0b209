package mnist.view;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mnist.data.LabeledImages;
import mnist.nn.Network;
import mnist.runs.RecordHeader.FirstLayer;
import mnist.runs.RecordHeader.Group;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/** Selects the tensors of a network to visualize, by the names that the tutorial gives them. */
final class VisualizedTensors {
  /** The images of the first layer that fit the page. */
  private static final int MAX_PICTURES = 20;

  private VisualizedTensors() {}

  /**
   * Weights, biases, logits and activations of every layer, and the outputs of batch norm. A
   * layer's activations are {@code Y1}, {@code Y2} … and {@code Y}; its logits are {@code Y1l} … or
   * else the input of the activations. Where the network has {@code Y1max} …, the maximum of each
   * neuron over the batch, they are groups too.
   */
  static List<Group> groups(Network network) {
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
    List<String> logits = new ArrayList<>();
    List<String> logitLabels = new ArrayList<>();
    for (String y : activations) {
      String node = nodes.containsKey(y + "l") ? y + "l" : nodes.get(y).getInput(0);
      logits.add(node);
      logitLabels.add(node.startsWith(y) ? node : "layer " + logits.size()); // a generated name
    }
    List<Group> groups = new ArrayList<>();
    groups.add(new Group("weights", weights, weights));
    groups.add(new Group("biases", biases, biases));
    groups.add(new Group("logits", logits, logitLabels));
    groups.add(new Group("activations", activations, activations));
    List<String> dense = activations.stream().filter(y -> rank(network, y) == 2).toList();
    List<String> channels = activations.stream().filter(y -> rank(network, y) == 4).toList();
    addDerived(groups, "normalized", activations, "bn", nodes);
    addDerived(groups, "maxima", dense, "max", nodes);
    addDerived(groups, "convolutional maxima", channels, "max", nodes);
    return groups;
  }

  private static void addDerived(
      List<Group> groups,
      String name,
      List<String> layers,
      String suffix,
      Map<String, NodeDef> nodes) {
    List<String> existing =
        layers.stream().map(layer -> layer + suffix).filter(nodes::containsKey).toList();
    if (!existing.isEmpty()) {
      groups.add(new Group(name, existing, existing));
    }
  }

  private static int rank(Network network, String node) {
    return network.graph().operation(node).output(0).shape().numDimensions();
  }

  /**
   * The groups in panels 4 and 5 of the tutorial's scripts: weights and biases; with batch norm
   * logits and activations, or the maxima.
   */
  static List<String> panels(List<Group> groups) {
    List<String> names = groups.stream().map(Group::name).toList();
    if (names.contains("convolutional maxima")) {
      return List.of("convolutional maxima", "maxima");
    }
    if (names.contains("maxima")) {
      return List.of("logits", "maxima");
    }
    return names.contains("normalized")
        ? List.of("logits", "activations")
        : List.of("weights", "biases");
  }

  /** The first weights: [784, neurons] if dense, [rows, columns, 1, channels] if convolutional. */
  static FirstLayer firstLayer(Network network) {
    Operand<TFloat32> weights = network.variables().get(0);
    Shape shape = weights.shape();
    boolean dense = shape.numDimensions() == 2;
    int neurons = (int) shape.get(shape.numDimensions() - 1);
    return new FirstLayer(
        weights.asOutput().op().name(),
        dense ? LabeledImages.SIDE : (int) shape.get(0),
        dense ? LabeledImages.SIDE : (int) shape.get(1),
        Math.min(neurons, MAX_PICTURES),
        neurons);
  }
}
