package mnist.training;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import mnist.network.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.proto.NodeDef;

/**
 * The train step once more, for gradients that are fed.
 *
 * <p>The optimisers let every update wait for all gradients, which a feed does not keep from being
 * computed. So the nodes of the updates are copied, and their copies do not wait.
 */
final class GivenGradients {
  private final Graph graph;
  private final Set<String> gradients;
  private final Map<String, Operation> copies = new HashMap<>();

  private GivenGradients(Network network) {
    graph = network.graph();
    gradients =
        network.gradients().stream()
            .map(gradient -> gradient.op().name())
            .collect(Collectors.toSet());
  }

  /**
   * Adds it to the network's graph.
   *
   * @return what to run with the network's gradients fed
   */
  static Operation trainStep(Network network) {
    GivenGradients given = new GivenGradients(network);
    for (NodeDef node : network.graph().toGraphDef().getNodeList()) { // in order of creation
      if (node.getInputList().stream().map(GivenGradients::node).anyMatch(given::comesAfter)) {
        given.copies.put(node.getName(), given.copy(node));
      }
    }
    return given.copies.get(network.trainStep().name());
  }

  private boolean comesAfter(String node) {
    return gradients.contains(node) || copies.containsKey(node);
  }

  private Operation copy(NodeDef original) {
    OperationBuilder copy =
        graph.opBuilder(original.getOp(), "given/" + original.getName(), graph.baseScope());
    for (String input : original.getInputList()) {
      String node = node(input);
      Operation from = copies.getOrDefault(node, graph.operation(node));
      if (!input.startsWith("^")) {
        copy.addInput(from.output(index(input)));
      } else if (!gradients.contains(node)) {
        copy.addControlInput(from);
      }
    }
    original.getAttrMap().forEach(copy::setAttr);
    return copy.build();
  }

  /**
   * Inputs are written {@code node}, {@code node:1} or, where only the order counts, {@code ^node}.
   */
  private static String node(String input) {
    return input.replaceFirst("^\\^", "").replaceFirst(":\\d+$", "");
  }

  private static int index(String input) {
    return input.contains(":") ? Integer.parseInt(input.substring(input.indexOf(':') + 1)) : 0;
  }
}
