package mnist.training;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import mnist.nn.Network;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * What a training has made of its session: the values of the variables, and how many numbers each
 * random node has drawn. TensorFlow neither reports nor sets the latter, on which the next numbers
 * depend, so they are counted here run by run.
 */
final class SessionState {
  /** Random numbers are skipped in chunks of 16 MB. */
  private static final long CHUNK = 4_000_000;

  private final Session session;
  private final Network network;
  private final Map<String, NodeDef> nodes = new HashMap<>();

  /** Every variable, the optimizer's too, with the node that assigns its initial value. */
  private final Map<String, NodeDef> initialAssignments = new LinkedHashMap<>();

  private final Map<String, Long> drawn = new TreeMap<>();
  private final Map<String, Set<String>> randomNodesByTarget = new HashMap<>();

  SessionState(Session session, Network network) {
    this.session = session;
    this.network = network;
    for (NodeDef node : network.graph().toGraphDef().getNodeList()) {
      nodes.put(node.getName(), node);
      if (node.getOp().equals("Assign")) {
        initialAssignments.putIfAbsent(node.getInput(0), node);
      }
    }
    network.samplesPerExample().keySet().forEach(node -> drawn.put(node, 0L));
  }

  /** Counts the random numbers of a run of {@code target} on a batch of so many images. */
  void countRandomNumbers(String target, int images) {
    for (String node : randomNodesByTarget.computeIfAbsent(target, this::randomNodesBelow)) {
      drawn.merge(node, images * network.samplesPerExample().get(node), Long::sum);
    }
  }

  private Set<String> randomNodesBelow(String target) {
    Deque<String> open = new ArrayDeque<>(List.of(target));
    Set<String> visited = new TreeSet<>();
    while (!open.isEmpty()) {
      String node = open.pop().replaceFirst("^\\^", "").replaceFirst(":\\d+$", "");
      if (visited.add(node)) {
        nodes.get(node).getInputList().forEach(open::push);
      }
    }
    visited.retainAll(drawn.keySet());
    return visited;
  }

  /** How many numbers each random node has drawn, by its name. */
  Map<String, Long> drawn() {
    return Map.copyOf(drawn);
  }

  /** The values of all variables by their names, row-major; draws no random numbers. */
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
   * Brings a new session to the state of another one over the same network.
   *
   * @throws IllegalArgumentException if the names are not this network's
   */
  void restore(Map<String, float[]> variables, Map<String, Long> randomNumbers) {
    requireSameNames("variables", variables.keySet(), initialAssignments.keySet());
    requireSameNames("random nodes", randomNumbers.keySet(), drawn.keySet());
    initialAssignments.forEach((name, assignment) -> assign(assignment, variables.get(name)));
    randomNumbers.forEach(this::fastForward);
    drawn.putAll(randomNumbers);
  }

  private static void requireSameNames(String kind, Set<String> found, Set<String> expected) {
    if (!found.equals(expected)) {
      throw new IllegalArgumentException(
          "the %s are %s, expected %s".formatted(kind, found, expected));
    }
  }

  /** Runs an initial assignment, fed with another value. */
  private void assign(NodeDef assignment, float[] value) {
    Shape shape = output(assignment.getInput(0)).shape();
    try (TFloat32 tensor = TFloat32.tensorOf(shape, DataBuffers.of(value))) {
      session
          .runner()
          .feed(output(assignment.getInput(1)), tensor)
          .addTarget(assignment.getName())
          .run()
          .close();
    }
  }

  /** Runs a random node alone, fed with another shape. */
  private void fastForward(String node, long numbers) {
    for (long left = numbers; left > 0; left -= CHUNK) {
      try (TInt32 shape = TInt32.vectorOf((int) Math.min(left, CHUNK))) {
        Output<?> shapeInput = output(nodes.get(node).getInput(0));
        session.runner().feed(shapeInput, shape).fetch(node).run().close();
      }
    }
  }

  private Output<?> output(String node) {
    return network.graph().outputOrThrow(node);
  }
}
