package mnist.training;

import java.util.LinkedHashMap;
import java.util.Map;
import mnist.network.Network;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * What a session holds of a network: the values of its variables, and how far each random node has
 * come. It is read and set with the nodes that the graph has anyway.
 */
final class SessionState {
  /** So many random numbers are drawn at a time, 16 MB. */
  private static final long PIECE = 4_000_000;

  private final Session session;

  /** Every variable with the node whose value it is assigned at the start. */
  private final Map<String, NodeDef> initialAssignments = new LinkedHashMap<>();

  /** Every node of dropout's random numbers. */
  private final Map<String, NodeDef> randomNodes = new LinkedHashMap<>();

  private final Network network;

  SessionState(Session session, Network network) {
    this.session = session;
    this.network = network;
    for (NodeDef node : network.graph().toGraphDef().getNodeList()) {
      switch (node.getOp()) {
        case "Assign" -> initialAssignments.putIfAbsent(node.getInput(0), node);
        case "RandomUniform" -> randomNodes.put(node.getName(), node);
        default -> {}
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

  /**
   * How many random numbers each node draws for one image; what it draws next depends on nothing
   * but how many it has drawn.
   */
  Map<String, Long> drawnForAnImage() {
    Map<String, Long> numbers = new LinkedHashMap<>();
    randomNodes.keySet().forEach(node -> numbers.put(node, output(node).shape().tail().size()));
    return numbers;
  }

  /** Brings the random nodes of a new session to where they were after so many images. */
  void drawAgain(long images) {
    drawnForAnImage()
        .forEach(
            (node, numbers) -> {
              for (long left = images * numbers; left > 0; left -= PIECE) {
                draw(randomNodes.get(node), Math.min(left, PIECE));
              }
            });
  }

  /** Runs one node alone, fed with another shape. */
  private void draw(NodeDef node, long numbers) {
    Operand<?> shape = output(node.getInput(0));
    try (TInt32 size = TInt32.vectorOf((int) numbers)) {
      session.runner().feed(shape, size).addTarget(node.getName()).run().close();
    }
  }
}
