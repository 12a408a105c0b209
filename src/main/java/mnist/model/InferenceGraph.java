package mnist.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mnist.nn.Network;
import org.tensorflow.EagerSession;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.NoOp;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.train.Restore;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * What of a stage's graph is needed to predict: from the images {@code X} to the probabilities
 * {@code Y}, under the same names, without dropout. Before it an input for bytes, behind it the
 * {@code classes}, beside it the nodes that restore the variables.
 *
 * <pre>
 *   image_bytes   uint8   [batch, 28, 28]      0..255
 *     │  times 1/256
 *   X             float32 [batch, 28, 28, 1]   0..1, unless fed itself
 *     │  the network
 *   Y             float32 [batch, 10]          probabilities
 *     │  argmax
 *   classes       int64   [batch]
 * </pre>
 */
final class InferenceGraph implements AutoCloseable {
  private static final long ANY = Shape.UNKNOWN_SIZE;

  /** Serving systems refuse signatures with any other method. */
  private static final String PREDICT = "tensorflow/serving/predict";

  private final Graph graph;
  private final Map<String, SignatureDef> signatures;
  private final SaverDef saver;

  /** The network's variables, and of them those that are needed here. */
  private final List<Variable<TFloat32>> all;

  private final List<Output<TFloat32>> variables = new ArrayList<>();

  /** Builds the graph; the network's own stays as it is. */
  InferenceGraph(Network network) {
    all = network.variables();
    graph = new Graph();
    try {
      graph.importGraphDef(
          GraphDef.newBuilder().addAllNode(inputs()).addAllNode(neededBy(network)).build());
      Ops tf = Ops.create(graph);
      Output<TFloat32> predictions = output("Y");
      Output<TInt64> classes =
          tf.withName("classes").math.argMax(predictions, tf.constant(1)).asOutput();
      signatures =
          Map.of(
              "serving_default", signature("image", output("X"), predictions, classes),
              "bytes", signature("image_bytes", output("image_bytes"), predictions, classes));
      for (Variable<TFloat32> variable : all) {
        if (isNeeded(variable)) {
          variables.add(output(variable.op().name()));
        }
      }
      saver = restoring(tf.withSubScope("save"), variables);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  private boolean isNeeded(Variable<TFloat32> variable) {
    return graph.operation(variable.op().name()) != null;
  }

  private <T extends TType> Output<T> output(String operation) {
    return graph.operation(operation).output(0);
  }

  // ---- The nodes

  /** From bytes to {@code X}. */
  private static List<NodeDef> inputs() {
    try (Graph inputs = new Graph()) {
      Ops tf = Ops.create(inputs);
      Operand<TUint8> bytes =
          tf.withName("image_bytes")
              .placeholder(TUint8.class, Placeholder.shape(Shape.of(ANY, 28, 28)));
      Ops scaling = tf.withSubScope("scaling");
      Operand<TFloat32> grey =
          scaling.math.mul(
              scaling.dtypes.cast(bytes, TFloat32.class), scaling.constant(1 / 256f)); // exact
      tf.withName("X")
          .placeholderWithDefault(
              scaling.reshape(grey, scaling.constant(new int[] {-1, 28, 28, 1})),
              Shape.of(ANY, 28, 28, 1));
      return inputs.toGraphDef().getNodeList();
    }
  }

  /**
   * The nodes that {@code Y} is computed from, {@code X} itself not among them. In place of what
   * has no part in predicting its stand-in is taken, such as dropout's input, and variables are
   * taken through an identity, as converters expect them.
   */
  private static List<NodeDef> neededBy(Network network) {
    Map<String, String> instead = new HashMap<>();
    Map<String, NodeDef> nodes = new LinkedHashMap<>();
    for (Variable<TFloat32> variable : network.variables()) {
      NodeDef read = read(variable.op().name());
      nodes.put(read.getName(), read);
      instead.put(variable.op().name(), read.getName());
    }
    network
        .inferenceReplacements()
        .forEach((node, other) -> instead.put(node, instead.getOrDefault(other, other)));
    for (NodeDef node : network.graph().toGraphDef().getNodeList()) {
      nodes.put(node.getName(), redirected(node, instead));
    }

    Set<String> needed = new HashSet<>();
    collect("Y", nodes, needed);
    needed.remove("X");
    nodes.keySet().retainAll(needed);
    return List.copyOf(nodes.values());
  }

  private static NodeDef read(String variable) {
    return NodeDef.newBuilder()
        .setName(variable + "/read")
        .setOp("Identity")
        .addInput(variable)
        .putAttr("T", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build())
        .build();
  }

  private static NodeDef redirected(NodeDef node, Map<String, String> instead) {
    NodeDef.Builder redirected = node.toBuilder().clearInput();
    for (String input : node.getInputList()) {
      redirected.addInput(instead.getOrDefault(input, input));
    }
    return redirected.build();
  }

  private static void collect(String name, Map<String, NodeDef> nodes, Set<String> needed) {
    if (needed.add(name)) {
      for (String input : nodes.get(name).getInputList()) {
        collect(input.replaceFirst("^\\^", "").replaceFirst(":\\d+$", ""), nodes, needed);
      }
    }
  }

  // ---- The signatures

  private static SignatureDef signature(
      String inputName, Output<?> input, Output<?> predictions, Output<?> classes) {
    return SignatureDef.newBuilder()
        .setMethodName(PREDICT)
        .putInputs(inputName, described(input))
        .putOutputs("predictions", described(predictions))
        .putOutputs("classes", described(classes))
        .build();
  }

  private static TensorInfo described(Output<?> output) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long size : output.shape().asArray()) {
      shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    return TensorInfo.newBuilder()
        .setName(output.op().name() + ":" + output.index())
        .setDtype(output.dataType())
        .setTensorShape(shape)
        .build();
  }

  // ---- The variables

  /** Nodes that read the variables from files; nothing in the graph writes any. */
  private static SaverDef restoring(Ops tf, List<Output<TFloat32>> variables) {
    Placeholder<TString> prefix =
        tf.withName("prefix").placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    Restore values =
        tf.train.restore(
            prefix,
            tf.constant(names(variables)),
            tf.constant(wholes(variables)),
            variables.stream().<Class<? extends TType>>map(Output::type).toList());
    List<Op> assigned = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      Output<TFloat32> value = values.tensors().get(i).asOutput().expect(TFloat32.class);
      assigned.add(tf.assign(variables.get(i), value));
    }
    NoOp restore = tf.withControlDependencies(assigned).withName("restore_all").noOp();
    return SaverDef.newBuilder()
        .setFilenameTensorName(prefix.op().name() + ":0")
        // Python's loader insists on a name; there is nothing here that saves.
        .setSaveTensorName(prefix.op().name() + ":0")
        .setRestoreOpName(restore.op().name())
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }

  /**
   * Writes values of the variables to where the graph's restoring nodes expect them.
   *
   * @param prefix of the files' names
   * @param weights the values of the network's variables one after the other, each row-major
   */
  void write(Path prefix, float[] weights) {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      List<Operand<?>> values = new ArrayList<>();
      int from = 0;
      for (Variable<TFloat32> variable : all) {
        int to = from + (int) variable.shape().size();
        if (isNeeded(variable)) {
          FloatDataBuffer value = DataBuffers.of(Arrays.copyOfRange(weights, from, to));
          values.add(tf.constant(variable.shape(), value));
        }
        from = to;
      }
      tf.train.save(
          tf.constant(prefix.toString()),
          tf.constant(names(variables)),
          tf.constant(wholes(variables)),
          values);
    }
  }

  private static NdArray<String> names(List<Output<TFloat32>> variables) {
    return NdArrays.vectorOfObjects(
        variables.stream().map(variable -> variable.op().name()).toArray(String[]::new));
  }

  /** An empty slice specification for each variable: all of it. */
  private static NdArray<String> wholes(List<Output<TFloat32>> variables) {
    return NdArrays.vectorOfObjects(variables.stream().map(variable -> "").toArray(String[]::new));
  }

  /** All that a SavedModel says of its graph. */
  MetaGraphDef description() {
    return MetaGraphDef.newBuilder()
        .setMetaInfoDef(
            MetaGraphDef.MetaInfoDef.newBuilder()
                .addTags(SavedModelBundle.DEFAULT_TAG)
                .setTensorflowVersion(TensorFlow.version()))
        .setGraphDef(graph.toGraphDef())
        .setSaverDef(saver)
        .putAllSignatureDef(signatures)
        .build();
  }

  @Override
  public void close() {
    graph.close();
  }
}
