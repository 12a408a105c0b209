package mnist.crosscheck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OptimizerOptions.Level;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * One of two graphs that are compared, without the nodes that change no numbers.
 *
 * <p>The graph is imported into TensorFlow once, which infers the shapes and evaluates all
 * constants.
 */
final class GraphView {
  /** An output of a node. */
  record Ref(String node, int output) {
    static Ref parse(String input) {
      int colon = input.indexOf(':');
      return colon < 0
          ? new Ref(input, 0)
          : new Ref(input.substring(0, colon), Integer.parseInt(input.substring(colon + 1)));
    }
  }

  /** Nodes whose value can differ from run to run. */
  private static final Set<String> NOT_CONSTANT =
      Set.of("Placeholder", "VariableV2", "TruncatedNormal", "RandomUniform", "Assign", "NoOp");

  /** Nodes that return their input, and matter only to gradients or device placement. */
  private static final Set<String> PASS_THROUGH = Set.of("Identity", "StopGradient");

  /** Operations with two names; Div equals RealDiv for floats, the only type divided here. */
  private static final Map<String, String> SYNONYMS = Map.of("AddV2", "Add", "Div", "RealDiv");

  /** Every constant is fetched, and optimizing the graph takes longer than evaluating it. */
  private static final ConfigProto UNOPTIMIZED = unoptimized();

  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private final Map<String, List<Ref>> inputs = new HashMap<>();
  private final Map<String, Boolean> constant = new HashMap<>();
  private final Map<Ref, Shape> shapes = new HashMap<>();
  private final Map<Ref, Value> values = new HashMap<>();

  GraphView(GraphDef definition) {
    for (NodeDef node : definition.getNodeList()) {
      // Control inputs order nodes in time and change no values here.
      List<String> dataInputs =
          node.getInputList().stream().filter(input -> !input.startsWith("^")).toList();
      nodes.put(node.getName(), node.toBuilder().clearInput().addAllInput(dataInputs).build());
      inputs.put(node.getName(), dataInputs.stream().map(Ref::parse).toList());
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph, UNOPTIMIZED)) {
      graph.importGraphDef(definition.toBuilder().clearNode().addAllNode(nodes.values()).build());
      graph.operations().forEachRemaining(this::inferShapes);
      evaluateConstants(session);
    }
  }

  private static ConfigProto unoptimized() {
    ConfigProto.Builder config = ConfigProto.newBuilder();
    config.getGraphOptionsBuilder().getOptimizerOptionsBuilder().setOptLevel(Level.L0);
    config.getGraphOptionsBuilder().getRewriteOptionsBuilder().setDisableMetaOptimizer(true);
    return config.build();
  }

  private void inferShapes(GraphOperation operation) {
    for (int i = 0; i < operation.numOutputs(); i++) {
      shapes.put(new Ref(operation.name(), i), operation.output(i).shape());
    }
  }

  /** In one run, since each set of fetched nodes makes TensorFlow prepare the graph again. */
  private void evaluateConstants(Session session) {
    List<Ref> constants = shapes.keySet().stream().filter(this::isConstant).toList();
    if (constants.isEmpty()) {
      return;
    }
    Session.Runner runner = session.runner();
    constants.forEach(ref -> runner.fetch(ref.node(), ref.output()));
    try (Result result = runner.run()) {
      for (int i = 0; i < constants.size(); i++) {
        values.put(constants.get(i), Value.of(result.get(i)));
      }
    }
  }

  boolean has(String name) {
    return nodes.containsKey(name);
  }

  NodeDef node(Ref ref) {
    return nodes.get(ref.node());
  }

  /** The operation's type, with one name for synonyms. */
  String type(Ref ref) {
    String type = node(ref).getOp();
    return SYNONYMS.getOrDefault(type, type);
  }

  /** The data inputs of a node. */
  List<Ref> inputs(Ref ref) {
    return inputs.get(ref.node());
  }

  /** Follows a reference back through nodes that return their input unchanged. */
  Ref simplified(Ref ref) {
    Ref current = ref;
    while (!isConstant(current) && passesThrough(current)) {
      current = inputs(current).get(0);
    }
    return current;
  }

  private boolean passesThrough(Ref ref) {
    String type = type(ref);
    return PASS_THROUGH.contains(type)
        // Python flattens tensors that are already flat, before and after the cross-entropy.
        || type.equals("Reshape") && keepsShape(ref)
        // Python adds the mean, 0, to a truncated normal.
        || type.equals("Add") && isZero(inputs(ref).get(1));
  }

  /** If at most one size is unknown, equal shapes leave every value in place. */
  private boolean keepsShape(Ref reshape) {
    Optional<List<Long>> from = sizes(shapes.get(inputs(reshape).get(0)));
    return from.isPresent()
        && from.get().stream().filter(size -> size == Shape.UNKNOWN_SIZE).count() <= 1
        && from.equals(evaluateShape(inputs(reshape).get(1)));
  }

  private static Optional<List<Long>> sizes(Shape shape) {
    return shape.isUnknown()
        ? Optional.empty()
        : Optional.of(Arrays.stream(shape.asArray()).boxed().toList());
  }

  /** Evaluates shape arithmetic; -1 for a size known only at run time; empty if undecided. */
  private Optional<List<Long>> evaluateShape(Ref ref) {
    if (isConstant(ref)) {
      return Optional.of(values.get(ref).numbers().stream().map(Number::longValue).toList());
    }
    List<Ref> inputs = inputs(ref);
    switch (type(ref)) {
      case "Shape":
        return sizes(shapes.get(inputs.get(0)));
      case "Slice":
        return evaluateShape(inputs.get(0))
            .filter(sizes -> isConstant(inputs.get(1)) && isConstant(inputs.get(2)))
            .map(sizes -> slice(sizes, firstInt(inputs.get(1)), firstInt(inputs.get(2))));
      case "ConcatV2":
        List<Long> all = new ArrayList<>();
        for (Ref part : inputs.subList(0, inputs.size() - 1)) { // the last is the axis
          Optional<List<Long>> sizes = evaluateShape(part);
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

  private int firstInt(Ref constant) {
    return values.get(constant).numbers().get(0).intValue();
  }

  private static List<Long> slice(List<Long> all, int begin, int size) {
    return all.subList(begin, size < 0 ? all.size() : begin + size);
  }

  private boolean isZero(Ref ref) {
    return isConstant(ref)
        && value(ref).type().equals("float")
        && value(ref).numbers().stream().allMatch(number -> number.doubleValue() == 0);
  }

  /** Whether a node always has the same value: shapes, scales and arithmetic on them. */
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
   * A constant's value. 32-bit and 64-bit integers count as one type, since they only ever are
   * sizes, axes or classes here.
   */
  record Value(String type, Shape shape, List<Number> numbers) {
    private static final int MAX_SHOWN = 8;

    static Value of(Tensor tensor) {
      List<Number> numbers = new ArrayList<>();
      String type = tensor.dataType().name();
      if (tensor instanceof TFloat32 floats) {
        floats.scalars().forEach(number -> numbers.add(number.getFloat()));
        type = "float";
      } else if (tensor instanceof TInt32 ints) {
        ints.scalars().forEach(number -> numbers.add((long) number.getInt()));
        type = "int";
      } else if (tensor instanceof TInt64 longs) {
        longs.scalars().forEach(number -> numbers.add(number.getLong()));
        type = "int";
      }
      return new Value(type, tensor.shape(), numbers);
    }

    @Override
    public String toString() {
      List<Number> shown = numbers.subList(0, Math.min(MAX_SHOWN, numbers.size()));
      return type + shape + " " + shown + (shown.size() < numbers.size() ? " …" : "");
    }
  }

  /** The value of a constant. */
  Value value(Ref constant) {
    return values.get(constant);
  }

  /** The initial value of a variable. */
  Optional<Ref> initialValue(String variable) {
    return nodes.values().stream()
        .filter(node -> node.getOp().equals("Assign"))
        .map(node -> inputs.get(node.getName()))
        .filter(assigned -> assigned.get(0).node().equals(variable))
        .map(assigned -> assigned.get(1))
        .filter(value -> !dependsOn(value.node(), variable, new HashSet<>())) // an update otherwise
        .findFirst();
  }

  private boolean dependsOn(String node, String variable, Set<String> visited) {
    return node.equals(variable)
        || visited.add(node)
            && inputs.get(node).stream()
                .anyMatch(input -> dependsOn(input.node(), variable, visited));
  }

  /** A change that a training step makes to a variable. */
  record Update(String operation, String variable) {
    @Override
    public String toString() {
      return variable + " by " + operation;
    }
  }

  /** The updates of trained variables and of moving averages, each with its node. */
  Map<Update, Ref> updates() {
    return nodes.values().stream()
        .filter(node -> node.getOp().startsWith("Apply") || node.getOp().equals("AssignSub"))
        .collect(
            Collectors.toMap(
                node -> new Update(node.getOp(), inputs.get(node.getName()).get(0).node()),
                node -> new Ref(node.getName(), 0),
                (first, last) -> last,
                LinkedHashMap::new));
  }
}
