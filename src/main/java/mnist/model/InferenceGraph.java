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
 * The part of a stage's graph that predicts: from the images {@code X} to the probabilities {@code
 * Y}, under the same names, without dropout. It also accepts bytes, returns {@code classes}, and
 * restores its variables.
 *
 * <pre>
 *   image_bytes   uint8   [batch, 28, 28]      0..255
 *     │  times 1/256
 *   X             float32 [batch, 28, 28, 1]   0..1, unless fed directly
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

  private final Network network;
  private final Graph graph = new Graph();
  private final Map<String, SignatureDef> signatures;
  private final SaverDef saver;

  /** Builds the graph; the network's own is not changed. */
  InferenceGraph(Network network) {
    this.network = network;
    try {
      GraphDef training = network.graph().toGraphDef();
      graph.importGraphDef(
          GraphDef.newBuilder()
              .setVersions(training.getVersions())
              .addAllNode(inputNodes())
              .addAllNode(networkNodes(network, training))
              .build());
      Ops tf = Ops.create(graph);
      Output<TFloat32> predictions = output("Y");
      Output<TInt64> classes =
          tf.withName("classes").math.argMax(predictions, tf.constant(1)).asOutput();
      signatures =
          Map.of(
              "serving_default", signature("image", output("X"), predictions, classes),
              "bytes", signature("image_bytes", output("image_bytes"), predictions, classes));
      saver = addRestore(tf.withSubScope("save"));
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  private <T extends TType> Output<T> output(String operation) {
    return graph.operation(operation).output(0);
  }

  // ---- Nodes

  /** From bytes to {@code X}. */
  private static List<NodeDef> inputNodes() {
    try (Graph inputs = new Graph()) {
      Ops tf = Ops.create(inputs);
      Operand<TUint8> bytes =
          tf.withName("image_bytes")
              .placeholder(TUint8.class, Placeholder.shape(Shape.of(ANY, 28, 28)));
      Ops scaling = tf.withSubScope("scaling");
      Operand<TFloat32> pixels =
          scaling.math.mul(
              scaling.dtypes.cast(bytes, TFloat32.class), scaling.constant(1 / 256f)); // exact
      tf.withName("X")
          .placeholderWithDefault(
              scaling.reshape(pixels, scaling.constant(new int[] {-1, 28, 28, 1})),
              Shape.of(ANY, 28, 28, 1));
      return inputs.toGraphDef().getNodeList();
    }
  }

  /**
   * The nodes that {@code Y} depends on, except {@code X}. Nodes used in training only, such as
   * dropout, are bypassed, and variables are read through an identity, as converters expect.
   */
  private static List<NodeDef> networkNodes(Network network, GraphDef training) {
    Map<String, String> replacements = new HashMap<>();
    Map<String, NodeDef> nodes = new LinkedHashMap<>();
    for (Variable<TFloat32> variable : network.variables()) {
      String name = variable.op().name();
      NodeDef read =
          NodeDef.newBuilder()
              .setName(name + "/read")
              .setOp("Identity")
              .addInput(name)
              .putAttr("T", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build())
              .build();
      nodes.put(read.getName(), read);
      replacements.put(name, read.getName());
    }
    network
        .inferenceReplacements()
        .forEach((node, by) -> replacements.put(node, replacements.getOrDefault(by, by)));
    for (NodeDef node : training.getNodeList()) {
      NodeDef.Builder rewired = node.toBuilder().clearInput();
      node.getInputList()
          .forEach(input -> rewired.addInput(replacements.getOrDefault(input, input)));
      nodes.put(node.getName(), rewired.build());
    }

    Set<String> needed = new HashSet<>();
    collectInputs("Y", nodes, needed);
    needed.remove("X");
    nodes.keySet().retainAll(needed);
    return List.copyOf(nodes.values());
  }

  private static void collectInputs(String name, Map<String, NodeDef> nodes, Set<String> names) {
    if (names.add(name)) {
      for (String input : nodes.get(name).getInputList()) {
        collectInputs(input.replaceFirst("^\\^", "").replaceFirst(":\\d+$", ""), nodes, names);
      }
    }
  }

  // ---- Signatures

  private static SignatureDef signature(
      String inputName, Output<?> input, Output<?> predictions, Output<?> classes) {
    return SignatureDef.newBuilder()
        .setMethodName(PREDICT)
        .putInputs(inputName, tensorInfo(input))
        .putOutputs("predictions", tensorInfo(predictions))
        .putOutputs("classes", tensorInfo(classes))
        .build();
  }

  private static TensorInfo tensorInfo(Output<?> output) {
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

  // ---- Variables

  /** Whether the graph contains a variable of the network. */
  private boolean contains(Variable<TFloat32> variable) {
    return graph.operation(variable.op().name()) != null;
  }

  private NdArray<String> variableNames() {
    return NdArrays.vectorOfObjects(
        network.variables().stream()
            .filter(this::contains)
            .map(variable -> variable.op().name())
            .toArray(String[]::new));
  }

  /** An empty slice specification for each variable, which selects all of it. */
  private static NdArray<String> fullSlices(NdArray<String> names) {
    String[] slices = new String[(int) names.size()];
    Arrays.fill(slices, "");
    return NdArrays.vectorOfObjects(slices);
  }

  /** Adds nodes that read the variables from files. There are none that write them. */
  private SaverDef addRestore(Ops tf) {
    NdArray<String> names = variableNames();
    List<Output<TFloat32>> variables = new ArrayList<>();
    names.scalars().forEach(name -> variables.add(output(name.getObject())));
    Placeholder<TString> prefix =
        tf.withName("prefix").placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    Restore values =
        tf.train.restore(
            prefix,
            tf.constant(names),
            tf.constant(fullSlices(names)),
            variables.stream().<Class<? extends TType>>map(Output::type).toList());
    List<Op> assignments = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      Output<TFloat32> value = values.tensors().get(i).asOutput().expect(TFloat32.class);
      assignments.add(tf.assign(variables.get(i), value));
    }
    NoOp restore = tf.withControlDependencies(assignments).withName("restore_all").noOp();
    return SaverDef.newBuilder()
        .setFilenameTensorName(prefix.op().name() + ":0")
        .setSaveTensorName(prefix.op().name() + ":0") // unused, but Python's loader requires one
        .setRestoreOpName(restore.op().name())
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }

  /**
   * Writes the files that the graph restores its variables from.
   *
   * @param prefix of the files' paths
   * @param weights the values of the network's variables, concatenated, each row-major
   */
  void writeVariables(Path prefix, float[] weights) {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      List<Operand<?>> values = new ArrayList<>();
      int from = 0;
      for (Variable<TFloat32> variable : network.variables()) {
        int to = from + (int) variable.shape().size();
        if (contains(variable)) {
          values.add(
              tf.constant(variable.shape(), DataBuffers.of(Arrays.copyOfRange(weights, from, to))));
        }
        from = to;
      }
      NdArray<String> names = variableNames();
      tf.train.save(
          tf.constant(prefix.toString()),
          tf.constant(names),
          tf.constant(fullSlices(names)),
          values);
    }
  }

  /** The graph with its signatures, as a SavedModel holds it. */
  MetaGraphDef toMetaGraphDef() {
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
