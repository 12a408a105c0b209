package mnist.crosscheck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * One of two graphs that are compared, seen through what does not change mathematics.
 *
 * <p>The graph is imported once more, for the shapes that TensorFlow infers and for the values of
 * its constant parts.
 */
final class GraphView implements AutoCloseable {
  /** An output of a node. */
  record Ref(String node, int output) {
    static Ref parse(String input) {
      int colon = input.indexOf(':');
      return colon < 0
          ? new Ref(input, 0)
          : new Ref(input.substring(0, colon), Integer.parseInt(input.substring(colon + 1)));
    }
  }

  /** Nodes whose value is not the same whenever and wherever they run. */
  private static final Set<String> NOT_CONSTANT =
      Set.of("Placeholder", "VariableV2", "TruncatedNormal", "RandomUniform", "Assign", "NoOp");

  /** Nodes that hand on their input, and only tell the gradient or the device something. */
  private static final Set<String> HANDS_ON = Set.of("Identity", "StopGradient");

  /** Two names of one operation; Div and RealDiv are one for floats, and there are no others. */
  private static final Map<String, String> SAME_OPERATION =
      Map.of("AddV2", "Add", "Div", "RealDiv");

  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private final Map<String, Boolean> constant = new HashMap<>();
  private final Graph graph = new Graph();
  private final Session session;

  GraphView(GraphDef definition) {
    for (NodeDef node : definition.getNodeList()) {
      nodes.put(node.getName(), withoutControlInputs(node));
    }
    graph.importGraphDef(definition.toBuilder().clearNode().addAllNode(nodes.values()).build());
    session = new Session(graph);
  }

  /** They order nodes in time, and change nothing that is computed here. */
  private static NodeDef withoutControlInputs(NodeDef node) {
    return node.toBuilder()
        .clearInput()
        .addAllInput(node.getInputList().stream().filter(in -> !in.startsWith("^")).toList())
        .build();
  }

  boolean has(String name) {
    return nodes.containsKey(name);
  }

  NodeDef node(Ref ref) {
    return nodes.get(ref.node());
  }

  /** The operation's name, one for those that are the same. */
  String type(Ref ref) {
    String type = node(ref).getOp();
    return SAME_OPERATION.getOrDefault(type, type);
  }

  /** What a node computes from. */
  List<Ref> inputs(Ref ref) {
    return node(ref).getInputList().stream().map(Ref::parse).toList();
  }

  /** Follows a reference through nodes that hand on their input unchanged. */
  Ref simplified(Ref ref) {
    Ref present = ref;
    while (!isConstant(present) && handsOn(present)) {
      present = inputs(present).get(0);
    }
    return present;
  }

  private boolean handsOn(Ref ref) {
    String type = type(ref);
    return HANDS_ON.contains(type)
        // Python flattens what is flat already, before and after the cross-entropy.
        || type.equals("Reshape") && keepsShape(ref)
        // Python adds the mean, 0, to a truncated normal.
        || type.equals("Add") && isZero(inputs(ref).get(1));
  }

  /** With at most one size unknown, equal shapes put every value where it was. */
  private boolean keepsShape(Ref reshape) {
    Shape from = shape(inputs(reshape).get(0));
    return !from.isUnknown()
        && Arrays.stream(from.asArray()).filter(size -> size == Shape.UNKNOWN_SIZE).count() <= 1
        && sizes(inputs(reshape).get(1))
            .equals(Optional.of(Arrays.stream(from.asArray()).boxed().toList()));
  }

  /** What shape arithmetic comes to, -1 for a size that only a run can tell; empty if unclear. */
  private Optional<List<Long>> sizes(Ref ref) {
    if (isConstant(ref)) {
      return Optional.of(value(ref).numbers().stream().map(Number::longValue).toList());
    }
    List<Ref> inputs = inputs(ref);
    switch (type(ref)) {
      case "Shape":
        Shape shape = shape(inputs.get(0));
        return shape.isUnknown()
            ? Optional.empty()
            : Optional.of(Arrays.stream(shape.asArray()).boxed().toList());
      case "Slice":
        Optional<List<Long>> begin = sizes(inputs.get(1));
        Optional<List<Long>> size = sizes(inputs.get(2));
        return sizes(inputs.get(0))
            .filter(all -> begin.isPresent() && size.isPresent())
            .map(all -> sliced(all, begin.get().get(0).intValue(), size.get().get(0).intValue()));
      case "ConcatV2":
        List<Long> all = new ArrayList<>();
        for (Ref part : inputs.subList(0, inputs.size() - 1)) { // the last is the axis
          Optional<List<Long>> sizes = sizes(part);
          if (sizes.isEmpty()) {
            return Optional.empty();
          }
          all.addAll(sizes.get());
        }
        return Optional.of(all);
      default:
        return Optional.empty();
    }
  }

  private static List<Long> sliced(List<Long> all, int begin, int size) {
    return all.subList(begin, size < 0 ? all.size() : begin + size);
  }

  private boolean isZero(Ref ref) {
    return isConstant(ref)
        && value(ref).type().equals("float")
        && value(ref).numbers().stream().allMatch(number -> number.doubleValue() == 0);
  }

  /** The shape that TensorFlow infers. */
  Shape shape(Ref ref) {
    return graph.operation(ref.node()).output(ref.output()).shape();
  }

  /** Whether a node has the same value always: shapes, scales and the arithmetic on them. */
  boolean isConstant(Ref ref) {
    Boolean known = constant.get(ref.node());
    if (known == null) {
      known =
          !NOT_CONSTANT.contains(node(ref).getOp())
              && inputs(ref).stream().allMatch(this::isConstant);
      constant.put(ref.node(), known);
    }
    return known;
  }

  /**
   * A constant's value. Whether an integer has 32 or 64 bits is left out, as it is only ever a
   * size, an axis or a class here.
   */
  record Value(String type, Shape shape, List<Number> numbers) {
    private static final int MOST_SHOWN = 8;

    @Override
    public String toString() {
      List<Number> shown = numbers.subList(0, Math.min(MOST_SHOWN, numbers.size()));
      return type + shape + " " + shown + (shown.size() < numbers.size() ? " …" : "");
    }
  }

  Value value(Ref ref) {
    try (Result result = session.runner().fetch(ref.node(), ref.output()).run()) {
      Tensor tensor = result.get(0);
      List<Number> numbers = new ArrayList<>();
      if (tensor instanceof TFloat32 floats) {
        floats.scalars().forEach(number -> numbers.add(number.getFloat()));
        return new Value("float", floats.shape(), numbers);
      }
      if (tensor instanceof TInt32 ints) {
        ints.scalars().forEach(number -> numbers.add((long) number.getInt()));
        return new Value("int", ints.shape(), numbers);
      }
      if (tensor instanceof TInt64 longs) {
        longs.scalars().forEach(number -> numbers.add(number.getLong()));
        return new Value("int", longs.shape(), numbers);
      }
      return new Value(tensor.dataType().name(), tensor.shape(), numbers);
    }
  }

  /** What a variable starts from. */
  Optional<Ref> initialValue(String variable) {
    for (NodeDef node : nodes.values()) {
      if (node.getOp().equals("Assign") && Ref.parse(node.getInput(0)).node().equals(variable)) {
        Ref value = Ref.parse(node.getInput(1));
        if (!dependsOn(value, variable)) { // or else it is an update
          return Optional.of(value);
        }
      }
    }
    return Optional.empty();
  }

  private boolean dependsOn(Ref ref, String variable) {
    return ref.node().equals(variable)
        || inputs(ref).stream().anyMatch(input -> dependsOn(input, variable));
  }

  /** Something that changes a variable when the network is trained. */
  record Update(String operation, String variable) {
    @Override
    public String toString() {
      return variable + " by " + operation;
    }
  }

  /** The node of each update: of what is trained, and of moving averages. */
  Map<Update, NodeDef> updates() {
    Map<Update, NodeDef> updates = new LinkedHashMap<>();
    for (NodeDef node : nodes.values()) {
      if (node.getOp().startsWith("Apply") || node.getOp().equals("AssignSub")) {
        updates.put(new Update(node.getOp(), Ref.parse(node.getInput(0)).node()), node);
      }
    }
    return updates;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
