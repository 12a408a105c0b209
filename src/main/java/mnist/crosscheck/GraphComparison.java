package mnist.crosscheck;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import mnist.crosscheck.GraphView.Ref;
import mnist.crosscheck.GraphView.Value;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Whether two graphs compute the same: compared from the named ends down, node by node, along the
 * wiring. {@link GraphView} says what is folded away first, because it changes no mathematics.
 *
 * <p>The gradients are left out, since two libraries write them differently; they are compared by
 * value elsewhere. What the training updates do with them is compared.
 */
public final class GraphComparison {
  private static final List<String> ENDS =
      List.of("Ylogits", "Y", "cross_entropy", "training_loss", "accuracy", "lr");

  /**
   * Attributes that change no value: where a variable is kept and locked, how wide an integer that
   * holds a shape or an axis is, hints for the compiler.
   */
  private static final Set<String> NO_MATHEMATICS =
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

  /** Where the type T is only that of the shape. */
  private static final Set<String> SHAPED_BY_T = Set.of("TruncatedNormal", "RandomUniform");

  /**
   * Inputs of each update: its variable, slots, numbers; the gradient, which is last, is left out.
   */
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
          List.of("variable", "what is taken off"));

  private final GraphView java;
  private final GraphView python;
  private final Set<List<Ref>> equal = new HashSet<>();

  private GraphComparison(GraphView java, GraphView python) {
    this.java = java;
    this.python = python;
  }

  /**
   * Compares.
   *
   * @return empty if they compute the same; else one line with the path from a named end to the
   *     first node that differs, and what it is on each side
   */
  public static Optional<String> firstDifference(GraphDef java, GraphDef python) {
    try (GraphView left = new GraphView(java);
        GraphView right = new GraphView(python)) {
      return new GraphComparison(left, right).firstDifference();
    }
  }

  private Optional<String> firstDifference() {
    for (String end : ENDS) {
      if (java.has(end) != python.has(end)) {
        return Optional.of("a node " + end + " is only in " + (java.has(end) ? "Java" : "Python"));
      }
      if (java.has(end)) {
        Optional<String> difference = compare(new Ref(end, 0), new Ref(end, 0), end);
        if (difference.isPresent()) {
          return difference;
        }
      }
    }
    return compareUpdates();
  }

  private Optional<String> compareUpdates() {
    Map<GraphView.Update, NodeDef> updates = java.updates();
    Map<GraphView.Update, NodeDef> others = python.updates();
    if (!updates.keySet().equals(others.keySet())) {
      return different(
          "train_step",
          "updates " + sorted(updates.keySet()),
          "updates " + sorted(others.keySet()));
    }
    for (GraphView.Update key : updates.keySet()) {
      String variable = key.variable();
      Ref update = new Ref(updates.get(key).getName(), 0);
      Ref other = new Ref(others.get(key).getName(), 0);
      String path = "train_step < update of " + variable;
      Optional<String> difference =
          compareInitialValues(variable, variable, variable)
              .or(() -> compareTypes(update, other, path))
              .or(() -> compareAttributes(update, other, path))
              .or(() -> compareUpdateInputs(update, other, path));
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
  }

  private static List<String> sorted(Set<GraphView.Update> updates) {
    return updates.stream().map(GraphView.Update::toString).sorted().toList();
  }

  private Optional<String> compareUpdateInputs(Ref update, Ref other, String path) {
    List<String> names = UPDATE_INPUTS.get(java.type(update));
    for (int i = 1; i < names.size(); i++) {
      Ref input = java.simplified(java.inputs(update).get(i));
      Ref otherInput = python.simplified(python.inputs(other).get(i));
      String inputPath = path + " < " + names.get(i);
      boolean slots =
          java.type(input).equals("VariableV2") && python.type(otherInput).equals("VariableV2");
      // Slots have names of each library's own: what they start from counts.
      Optional<String> difference =
          slots
              ? compareInitialValues(input.node(), otherInput.node(), inputPath)
              : compare(input, otherInput, inputPath);
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
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

  /** Variables and placeholders are the same only under the same name. */
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
    names.removeAll(NO_MATHEMATICS);
    names.removeIf(name -> name.startsWith("_")); // TensorFlow's notes to itself
    if (SHAPED_BY_T.contains(java.type(a))) {
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
    for (int i = 0; i < inputs.size(); i++) {
      Optional<String> difference =
          compare(inputs.get(i), others.get(i), path + " < " + java.type(a) + "[" + i + "]");
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> different(String path, String java, String python) {
    return Optional.of(path + ": Java has " + java + ", Python has " + python);
  }
}
