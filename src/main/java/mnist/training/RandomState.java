package mnist.training;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import mnist.nn.Network;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * How far each random node of a session has come. What a node draws next depends on nothing but how
 * many numbers it has drawn, which nobody can ask it for or set: so they are counted here, run by
 * run.
 */
final class RandomState {
  /** So many random numbers are drawn at a time, 16 MB. */
  private static final long PIECE = 4_000_000;

  private final Session session;
  private final Network network;
  private final Map<String, NodeDef> nodes = new HashMap<>();
  private final Map<String, Long> drawn = new TreeMap<>();
  private final Map<String, Set<String>> movedBy = new HashMap<>();

  RandomState(Session session, Network network) {
    this.session = session;
    this.network = network;
    network.graph().toGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    network.samplesPerExample().keySet().forEach(node -> drawn.put(node, 0L));
  }

  /** Counts a run of a node with so many images. */
  void ran(String name, int images) {
    movedBy(name)
        .forEach(
            node -> drawn.merge(node, images * network.samplesPerExample().get(node), Long::sum));
  }

  /** The random nodes that run when this runs: all that it depends on. */
  private Set<String> movedBy(String name) {
    return movedBy.computeIfAbsent(name, this::found);
  }

  private Set<String> found(String name) {
    Deque<String> open = new ArrayDeque<>(List.of(name));
    Set<String> seen = new TreeSet<>();
    while (!open.isEmpty()) {
      String node = open.pop().replaceFirst("^\\^", "").replaceFirst(":\\d+$", "");
      if (seen.add(node)) {
        nodes.get(node).getInputList().forEach(open::push);
      }
    }
    seen.retainAll(drawn.keySet());
    return seen;
  }

  /** How many numbers each has drawn, by the node's name. */
  Map<String, Long> drawn() {
    return Map.copyOf(drawn);
  }

  /**
   * Brings the nodes of a new session to where those of another were.
   *
   * @throws IllegalArgumentException if they are not those of this network
   */
  void fastForward(Map<String, Long> before) {
    if (!before.keySet().equals(drawn.keySet())) {
      throw new IllegalArgumentException(
          "the random nodes are %s, expected %s".formatted(before.keySet(), drawn.keySet()));
    }
    before.forEach(
        (node, numbers) -> {
          for (long left = numbers; left > 0; left -= PIECE) {
            draw(nodes.get(node), Math.min(left, PIECE)).close();
          }
        });
    drawn.putAll(before);
  }

  /** Runs one node alone, fed with another shape. */
  private TFloat32 draw(NodeDef node, long... shape) {
    Operand<?> its = network.graph().outputOrThrow(node.getInput(0));
    try (TInt32 fed = TInt32.vectorOf(Arrays.stream(shape).mapToInt(Math::toIntExact).toArray())) {
      return (TFloat32) session.runner().feed(its, fed).fetch(node.getName()).run().get(0);
    }
  }
}
