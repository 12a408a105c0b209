package mnist.crosscheck;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import mnist.crosscheck.GraphView.Ref;
import mnist.crosscheck.GraphView.Update;
import mnist.crosscheck.GraphView.Value;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;

/**
 * Whether two graphs compute the same values: compared node by node, from the named outputs back
 * along their inputs. {@link GraphView} first skips what changes no numbers.
 *
 * <p>Gradients are left out, since the two libraries build them from different nodes; {@link
 * StageComparison} compares their values. The updates that use them are compared.
 */
public final class GraphComparison {
  private static final List<String> OUTPUTS =
      List.of("Ylogits", "Y", "cross_entropy", "training_loss", "accuracy", "lr");

  /**
   * Attributes that change no value: where a variable is stored and whether it is locked, the width
   * of integers that hold a shape or an axis, hints for the compiler.
   */
  private static final Set<String> IGNORED_ATTRIBUTES =
      Set.of(
          "container",
          "shared_name",
          "use_locking",
          "validate_shape",
          "Tidx",
          "Tshape",
          "out_type",
          "grad_a",
          "grad_b");

  /** Operations whose attribute T is only the type of the shape. */
  private static final Set<String> T_IS_SHAPE_TYPE = Set.of("TruncatedNormal", "RandomUniform");

  /** The inputs of each update; the gradient, which comes last, is left out. */
  private static final Map<String, List<String>> UPDATE_INPUTS =
      Map.of(
          "ApplyGradientDescent",
          List.of("variable", "learning rate"),
          "ApplyAdam",
          List.of(
              "variable",
              "first moment",
              "second moment",
              "beta1 power",
              "beta2 power",
              "learning rate",
              "beta1",
              "beta2",
              "epsilon"),
          "AssignSub",
          List.of("variable", "subtracted value"));

  private final GraphView java;
  private final GraphView python;
  private final Set<List<Ref>> equal = new HashSet<>();

  private GraphComparison(GraphView java, GraphView python) {
    this.java = java;
    this.python = python;
  }

  /**
   * Compares two graphs.
   *
   * @return empty if they compute the same values; else one line with the path from a named output
   *     to the first node that differs, and that node on each side
   */
  public static Optional<String> firstDifference(GraphDef java, GraphDef python) {
    return firstDifference(new GraphView(java), new GraphView(python));
  }

  /** Compares two graphs that may be compared with others too. */
  static Optional<String> firstDifference(GraphView java, GraphView python) {
    GraphComparison comparison = new GraphComparison(java, python);
    return first(OUTPUTS.size(), i -> comparison.compareOutputs(OUTPUTS.get(i)))
        .or(comparison::compareUpdates);
  }

  /** The first difference among so many comparisons, made one after the other. */
  private static Optional<String> first(int count, IntFunction<Optional<String>> comparison) {
    return IntStream.range(0, count).mapToObj(comparison).flatMap(Optional::stream).findFirst();
  }

  private Optional<String> compareOutputs(String name) {
    if (java.has(name) != python.has(name)) {
      return Optional.of("only " + (java.has(name) ? "Java" : "Python") + " has a node " + name);
    }
    return java.has(name) ? compare(new Ref(name, 0), new Ref(name, 0), name) : Optional.empty();
  }

  private Optional<String> compareUpdates() {
    Map<Update, Ref> updates = java.updates();
    Map<Update, Ref> others = python.updates();
    if (!updates.keySet().equals(others.keySet())) {
      return different(
          "train_step",
          "updates " + sorted(updates.keySet()),
          "updates " + sorted(others.keySet()));
    }
    List<Update> keys = List.copyOf(updates.keySet());
    return first(
        keys.size(),
        i -> compareUpdate(keys.get(i), updates.get(keys.get(i)), others.get(keys.get(i))));
  }

  private static List<String> sorted(Set<Update> updates) {
    return updates.stream().map(Update::toString).sorted().toList();
  }

  private Optional<String> compareUpdate(Update key, Ref update, Ref other) {
    String variable = key.variable();
    String path = "train_step < update of " + variable;
    List<String> names = UPDATE_INPUTS.get(key.operation());
    return compareInitialValues(variable, variable, variable)
        .or(() -> compareTypes(update, other, path))
        .or(() -> compareAttributes(update, other, path))
        .or(
            () ->
                first(
                    names.size() - 1,
                    i ->
                        compareUpdateInputs(
                            java.inputs(update).get(i + 1),
                            python.inputs(other).get(i + 1),
                            path + " < " + names.get(i + 1))));
  }

  /** The libraries name an optimizer's slots differently, so only their initial values count. */
  private Optional<String> compareUpdateInputs(Ref left, Ref right, String path) {
    Ref a = java.simplified(left);
    Ref b = python.simplified(right);
    return java.type(a).equals("VariableV2") && python.type(b).equals("VariableV2")
        ? compareInitialValues(a.node(), b.node(), path)
        : compare(a, b, path);
  }

  private Optional<String> compareInitialValues(String variable, String other, String path) {
    Optional<Ref> initial = java.initialValue(variable);
    Optional<Ref> otherInitial = python.initialValue(other);
    if (initial.isEmpty() || otherInitial.isEmpty()) {
      return initial.isPresent() == otherInitial.isPresent()
          ? Optional.empty()
          : Optional.of(path + ": has an initial value on one side only");
    }
    return compare(initial.get(), otherInitial.get(), path + " < initial value");
  }

  private Optional<String> compare(Ref left, Ref right, String path) {
    Ref a = java.simplified(left);
    Ref b = python.simplified(right);
    if (equal.contains(List.of(a, b))) {
      return Optional.empty();
    }
    Optional<String> difference = compareSimplified(a, b, path);
    if (difference.isEmpty()) {
      equal.add(List.of(a, b));
    }
    return difference;
  }

  private Optional<String> compareSimplified(Ref a, Ref b, String path) {
    if (java.isConstant(a) && python.isConstant(b)) {
      Value value = java.value(a);
      Value other = python.value(b);
      return value.equals(other)
          ? Optional.empty()
          : different(path, a.node() + " = " + value, b.node() + " = " + other);
    }
    return compareTypes(a, b, path)
        .or(() -> compareAttributes(a, b, path))
        .or(() -> compareNames(a, b, path))
        .or(() -> compareInputs(a, b, path));
  }

  private Optional<String> compareTypes(Ref a, Ref b, String path) {
    boolean same =
        java.type(a).equals(python.type(b))
            && a.output() == b.output()
            && java.isConstant(a) == python.isConstant(b);
    return same
        ? Optional.empty()
        : different(
            path, a.node() + " (" + java.type(a) + ")", b.node() + " (" + python.type(b) + ")");
  }

  /** Variables and placeholders must have the same name. */
  private Optional<String> compareNames(Ref a, Ref b, String path) {
    boolean named = java.type(a).equals("VariableV2") || java.type(a).equals("Placeholder");
    return !named || a.node().equals(b.node())
        ? Optional.empty()
        : different(path, a.node(), b.node());
  }

  private Optional<String> compareAttributes(Ref a, Ref b, String path) {
    Map<String, AttrValue> attributes = java.node(a).getAttrMap();
    Map<String, AttrValue> others = python.node(b).getAttrMap();
    Set<String> names = new TreeSet<>(attributes.keySet());
    names.addAll(others.keySet());
    names.removeAll(IGNORED_ATTRIBUTES);
    names.removeIf(name -> name.startsWith("_")); // TensorFlow's own annotations
    if (T_IS_SHAPE_TYPE.contains(java.type(a))) {
      names.remove("T");
    }
    for (String name : names) {
      AttrValue value = attributes.get(name);
      AttrValue other = others.get(name);
      if (value == null || !value.equals(other)) {
        return different(
            path + " < " + java.type(a),
            a.node() + " with " + name + " = " + summarize(value),
            b.node() + " with " + name + " = " + summarize(other));
      }
    }
    return Optional.empty();
  }

  private static String summarize(AttrValue value) {
    return value == null ? "absent" : value.toString().strip().replaceAll("\\s+", " ");
  }

  private Optional<String> compareInputs(Ref a, Ref b, String path) {
    List<Ref> inputs = java.inputs(a);
    List<Ref> others = python.inputs(b);
    if (inputs.size() != others.size()) {
      return different(
          path,
          a.node() + " with " + inputs.size() + " inputs",
          b.node() + " with " + others.size() + " inputs");
    }
    return first(
        inputs.size(),
        i -> compare(inputs.get(i), others.get(i), path + " < " + java.type(a) + "[" + i + "]"));
  }

  private static Optional<String> different(String path, String java, String python) {
    return Optional.of(path + ": Java has " + java + ", Python has " + python);
  }
}
