package mnist.crosscheck;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.junit.jupiter.api.Named.named;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import mnist.Stages;
import mnist.nn.Network;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TFloat32;

/** The comparison reports what changes the mathematics and ignores what does not. */
class GraphComparisonTest {
  private static GraphDef convolutional;
  private static GraphDef batchNorm;

  @BeforeAll
  static void buildGraphs() {
    convolutional = graph("3.1");
    batchNorm = graph("4.0");
  }

  private static GraphDef graph(String stage) {
    try (Network network = Stages.named(stage).network(0)) {
      return network.graph().toGraphDef();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1", "4.2", "5.0"})
  void aGraphEqualsItself(String stage) {
    GraphDef graph = graph(stage);
    assertThat(GraphComparison.firstDifference(graph, graph)).isEmpty();
  }

  @Test
  void graphsOfTwoStagesDiffer() {
    assertThat(GraphComparison.firstDifference(graph("2.0"), graph("2.1"))).isPresent();
    assertThat(GraphComparison.firstDifference(graph("2.1"), graph("2.2"))).isPresent();
    assertThat(GraphComparison.firstDifference(graph("3.0"), convolutional)).isPresent();
  }

  @Test
  void reportsThePathToTheDifference() {
    GraphDef original = graph("2.1");
    GraphDef.Builder mutated = original.toBuilder();
    node(mutated, "Y1").setOp("Sigmoid");
    assertThat(GraphComparison.firstDifference(original, mutated.build()))
        .get(STRING)
        .startsWith("Ylogits < Add[0] < MatMul[0]")
        .endsWith("Java has Y1 (Relu), Python has Y1 (Sigmoid)");
  }

  @Test
  void transposeFlagsCount() {
    assertThat(GraphComparison.firstDifference(product(false), product(true)))
        .get(STRING)
        .contains("transpose_b = b: false");
    assertThat(GraphComparison.firstDifference(product(true), product(true))).isEmpty();
  }

  private static GraphDef product(boolean transposed) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var X = tf.withName("X").placeholder(TFloat32.class, Placeholder.shape(Shape.of(2, 2)));
      tf.withName("Y").linalg.matMul(X, X, MatMul.transposeB(transposed));
      return graph.toGraphDef();
    }
  }

  /** Each changes the graph of stage 3.1 in one place. */
  static Stream<Named<Consumer<GraphDef.Builder>>> mutations() {
    return Stream.of(
        named("a stride", g -> list(first(g, "Conv2D"), "strides", List.of(1L, 2L, 2L, 1L))),
        named("the padding", g -> text(first(g, "Conv2D"), "padding", "VALID")),
        named("the dilations", g -> list(first(g, "Conv2D"), "dilations", List.of(1L, 2L, 2L, 1L))),
        named("the scale of the loss", g -> constant(g, 100f, 10f)),
        named("a seed", g -> number(first(g, "TruncatedNormal"), "seed", 1)),
        named("a seed2", g -> number(first(g, "TruncatedNormal"), "seed2", 77)),
        named("the seed of dropout", g -> number(first(g, "RandomUniform"), "seed2", 77)),
        named("an activation", g -> node(g, "Y2").setOp("Elu")),
        named("a missing activation", g -> node(g, "Y2").setOp("Identity")),
        named("a missing bias", GraphComparisonTest::withoutBias),
        named("swapped inputs", g -> swapInputs(first(g, "Sub"))),
        named("swapped inputs of a product", g -> swapInputs(node(g, "cross_entropy"))),
        named("the decay steps", g -> constant(g, 2000f, 1000f)),
        named("the decay rate", g -> constant(g, (float) (1 / Math.E), 0.5f)),
        named("the initial learning rate", g -> constant(g, 0.003f, 0.004f)),
        named("the dropout rate", g -> constant(g, 1f, 0.9f)),
        named("the comparison in dropout", g -> first(g, "GreaterEqual").setOp("Greater")),
        named("Adam's epsilon", g -> constant(g, 1e-8f, 1e-7f)),
        named("Adam's beta1", g -> constant(g, 0.9f, 0.8f)),
        named("Adam's beta2", g -> constant(g, 0.999f, 0.99f)),
        named("Nesterov momentum", g -> flag(first(g, "ApplyAdam"), "use_nesterov")),
        named("an initial value", g -> constant(g, 0.1f, 0.2f)),
        named("the axis of argmax", g -> axis(g)),
        named("whether the mean keeps its dimensions", g -> flag(node(g, "accuracy"), "keep_dims")),
        named("the comparison in the accuracy", g -> first(g, "Equal").setOp("NotEqual")));
  }

  @ParameterizedTest
  @MethodSource("mutations")
  void reportsAMutation(Consumer<GraphDef.Builder> mutation) {
    assertReported(convolutional, mutation);
  }

  /** Each changes the graph of stage 4.0 in one place. */
  static Stream<Named<Consumer<GraphDef.Builder>>> mutationsOfBatchNorm() {
    return Stream.of(
        named("batch norm's epsilon", g -> constant(g, 1e-5f, 1e-3f)),
        named("the moving averages' decay", g -> constant(g, 0.998f, 0.999f)),
        named("the moving averages' initial decay", g -> constant(g, 10f, 9f)),
        named("the update of a moving average", g -> first(g, "AssignSub").setOp("AssignAdd")),
        named("when the moving averages are used", g -> swapLast(first(g, "SelectV2"))),
        named("the axis of the mean", g -> first(g, "Mean").setOp("Max")),
        named("the scale", g -> first(g, "Rsqrt").setOp("Sqrt")));
  }

  private static void swapLast(NodeDef.Builder node) {
    String last = node.getInput(2);
    node.setInput(2, node.getInput(1)).setInput(1, last);
  }

  @ParameterizedTest
  @MethodSource("mutationsOfBatchNorm")
  void reportsAMutationOfBatchNorm(Consumer<GraphDef.Builder> mutation) {
    assertReported(batchNorm, mutation);
  }

  private static void assertReported(GraphDef original, Consumer<GraphDef.Builder> mutation) {
    GraphDef.Builder mutated = original.toBuilder();
    mutation.accept(mutated);
    assertThat(mutated.build()).isNotEqualTo(original);
    GraphView view = new GraphView(original);
    GraphView mutatedView = new GraphView(mutated.build());
    assertThat(GraphComparison.firstDifference(view, mutatedView)).isPresent();
    assertThat(GraphComparison.firstDifference(mutatedView, view)).isPresent();
  }

  // ---- Ways to change a graph

  private static NodeDef.Builder any(GraphDef.Builder graph, Predicate<NodeDef.Builder> which) {
    return graph.getNodeBuilderList().stream().filter(which).findFirst().orElseThrow();
  }

  private static NodeDef.Builder first(GraphDef.Builder graph, String type) {
    return any(graph, node -> node.getOp().equals(type));
  }

  private static NodeDef.Builder node(GraphDef.Builder graph, String name) {
    return any(graph, node -> node.getName().equals(name));
  }

  private static void list(NodeDef.Builder node, String attribute, List<Long> values) {
    var value = node.getAttrOrThrow(attribute).toBuilder();
    value.getListBuilder().clearI().addAllI(values);
    node.putAttr(attribute, value.build());
  }

  private static void text(NodeDef.Builder node, String attribute, String text) {
    var value = ByteString.copyFromUtf8(text);
    node.putAttr(attribute, node.getAttrOrThrow(attribute).toBuilder().setS(value).build());
  }

  private static void number(NodeDef.Builder node, String attribute, long number) {
    node.putAttr(attribute, node.getAttrOrThrow(attribute).toBuilder().setI(number).build());
  }

  private static void flag(NodeDef.Builder node, String attribute) {
    var value = node.getAttrOrThrow(attribute).toBuilder();
    node.putAttr(attribute, value.setB(!value.getB()).build());
  }

  private static void swapInputs(NodeDef.Builder node) {
    String first = node.getInput(0);
    node.setInput(0, node.getInput(1)).setInput(1, first);
  }

  private static void withoutBias(GraphDef.Builder graph) {
    NodeDef.Builder sum = node(graph, node(graph, "Y1").getInput(0));
    node(graph, "Y1").setInput(0, sum.getInput(0));
  }

  /** Changes the first float constant with this value. */
  private static void constant(GraphDef.Builder graph, float from, float to) {
    NodeDef.Builder constant =
        any(graph, node -> node.getOp().equals("Const") && isScalar(node, from));
    var value = constant.getAttrOrThrow("value").toBuilder();
    value.getTensorBuilder().clearTensorContent().clearFloatVal().addFloatVal(to);
    constant.putAttr("value", value.build());
  }

  private static boolean isScalar(NodeDef.Builder constant, float number) {
    TensorProto tensor = constant.getAttrOrThrow("value").getTensor();
    return tensor.getDtype() == DataType.DT_FLOAT
        && tensor.getTensorShape().getDimCount() == 0
        && (tensor.getFloatValCount() == 1
                ? tensor.getFloatVal(0)
                : tensor.getTensorContent().asReadOnlyByteBuffer().order(LITTLE_ENDIAN).getFloat(0))
            == number;
  }

  private static void axis(GraphDef.Builder graph) {
    NodeDef.Builder dimension = node(graph, first(graph, "ArgMax").getInput(1));
    var value = dimension.getAttrOrThrow("value").toBuilder();
    value.getTensorBuilder().clearTensorContent().clearIntVal().addIntVal(0);
    dimension.putAttr("value", value.build());
  }
}
