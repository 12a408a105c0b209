package mnist.view;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mnist.network.Network;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/** Which nodes of a network are worth seeing, found by the tutorial's names. */
final class SeenNodes {
  /** So many pictures of the first layer's weights at most; more do not fit a panel. */
  private static final int MOST_PICTURES = 20;

  private static final int SIDE = 28;

  private SeenNodes() {}

  /**
   * Weights, biases, logits and activations of every layer. A layer's activations are {@code Y1},
   * {@code Y2} … and {@code Y}; its logits are what they are computed from.
   */
  static List<RecordHeader.Group> groups(Network network) {
    List<String> weights = new ArrayList<>();
    List<String> biases = new ArrayList<>();
    for (Operand<TFloat32> variable : network.variables()) {
      String name = variable.asOutput().op().name();
      (name.startsWith("W") ? weights : biases).add(name);
    }
    Map<String, NodeDef> nodes = new HashMap<>();
    network.graph().toGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    List<String> activations = new ArrayList<>();
    for (int layer = 1; nodes.containsKey("Y" + layer); layer++) {
      activations.add("Y" + layer);
    }
    activations.add("Y");
    List<String> logits = activations.stream().map(y -> nodes.get(y).getInput(0)).toList();
    return List.of(
        new RecordHeader.Group("weights", weights),
        new RecordHeader.Group("biases", biases),
        new RecordHeader.Group("logits", logits),
        new RecordHeader.Group("activations", activations));
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
