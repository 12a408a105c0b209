package mnist.training;

import java.util.LinkedHashMap;
import java.util.Map;
import mnist.nn.Network;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/**
 * The values of a network's variables in a session, read and set with the nodes that the graph has
 * anyway.
 */
final class SessionState {
  private final Session session;

  /** Every variable with the node whose value it is assigned at the start. */
  private final Map<String, NodeDef> initialAssignments = new LinkedHashMap<>();

  private final Network network;

  SessionState(Session session, Network network) {
    this.session = session;
    this.network = network;
    for (NodeDef node : network.graph().toGraphDef().getNodeList()) {
      if (node.getOp().equals("Assign")) {
        initialAssignments.putIfAbsent(node.getInput(0), node);
      }
    }
  }

  /** All variables' values; no random node moves. */
  Map<String, float[]> variables() {
    Session.Runner runner = session.runner();
    initialAssignments.keySet().forEach(runner::fetch);
    Map<String, float[]> values = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      int i = 0;
      for (String variable : initialAssignments.keySet()) {
        TFloat32 tensor = (TFloat32) result.get(i++);
        float[] value = new float[(int) tensor.size()];
        tensor.asRawTensor().data().asFloats().read(value);
        values.put(variable, value);
      }
    }
    return values;
  }

  /**
   * Sets all variables, by feeding what each is assigned at the start.
   *
   * @throws IllegalArgumentException if they are not those of this network
   */
  void assign(Map<String, float[]> values) {
    if (!values.keySet().equals(initialAssignments.keySet())) {
      throw new IllegalArgumentException(
          "the variables are %s, expected %s"
              .formatted(values.keySet(), initialAssignments.keySet()));
    }
    initialAssignments.forEach(
        (variable, assignment) -> {
          Shape shape = output(variable).shape();
          try (TFloat32 value = TFloat32.tensorOf(shape, DataBuffers.of(values.get(variable)))) {
            session
                .runner()
                .feed(output(assignment.getInput(1)), value)
                .addTarget(assignment.getName())
                .run()
                .close();
          }
        });
  }

  private Output<?> output(String node) {
    return network.graph().outputOrThrow(node);
  }
}
