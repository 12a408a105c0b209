package mnist.network;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.random.RandomUniform;
import org.tensorflow.op.random.TruncatedNormal;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * What the chapters share when they write their networks: the placeholders, the variables with
 * their seeds, and the few layers and losses that take more than one TensorFlow operation.
 *
 * <p>Nodes bear the tutorial's names. Random nodes have the run's seed as {@code seed} and 1, 2, 3
 * … in order of creation as {@code seed2}, so that the same chapter gives the same numbers in
 * Python.
 */
public final class NetworkBuilder {
  /** The spread of the weights at the start, as everywhere in the tutorial. */
  private static final float WEIGHTS_STDDEV = 0.1f;

  private final Graph graph;
  private final Ops tf;
  private final Hyperparameters chosen;
  private final List<Variable<TFloat32>> variables = new ArrayList<>();
  private final Map<String, String> dropouts = new HashMap<>();
  private long randomNodes;

  // What the script and the choices come to.
  private Optional<Activation> activation = Optional.empty();
  private Optional<Float> learningRate = Optional.empty();
  private Optional<Float> keepProbability = Optional.empty();
  private Output<TInt64> predicted;

  private NetworkBuilder(Graph graph, Hyperparameters chosen) {
    this.graph = graph;
    this.tf = Ops.create(graph);
    this.chosen = chosen;
  }

  /**
   * Builds a network in a graph of its own.
   *
   * @param chapter writes the nodes, from the placeholders to {@code train_step}
   * @throws IllegalStateException if it has not made one of the nodes that every stage has
   */
  public static Network build(Hyperparameters chosen, Consumer<NetworkBuilder> chapter) {
    Graph graph = new Graph();
    try {
      NetworkBuilder net = new NetworkBuilder(graph, chosen);
      chapter.accept(net);
      return new Network(
          graph,
          new Hyperparameters(chosen.seed(), net.activation, net.learningRate, net.keepProbability),
          net.variables,
          net.dropouts,
          net.predicted);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  /** The graph, for the optimisers. */
  public Graph graph() {
    return graph;
  }

  /** TensorFlow's operations on the graph. */
  public Ops tf() {
    return tf;
  }

  // ---- Placeholders

  /** {@code X}: images, grey levels 0..1 (255/256 at most), [batch, 28, 28, 1]. */
  public Placeholder<TFloat32> images() {
    return placeholder("X", TFloat32.class, Shape.of(Shape.UNKNOWN_SIZE, 28, 28, 1));
  }

  /** {@code Y_}: the right answers, one-hot, [batch, 10]. */
  public Placeholder<TFloat32> labels() {
    return placeholder("Y_", TFloat32.class, Shape.of(Shape.UNKNOWN_SIZE, 10));
  }

  /** {@code step}: the number of the iteration, scalar, from 0. */
  public Placeholder<TInt32> step() {
    return placeholder("step", TInt32.class, Shape.scalar());
  }

  /**
   * {@code pkeep}: the probability that dropout keeps a neuron, scalar; 1 whenever the network is
   * measured.
   *
   * @param inTraining what is fed in training unless another is chosen
   */
  public Placeholder<TFloat32> keepProbability(float inTraining) {
    keepProbability = Optional.of(chosen.keepProbability().orElse(inTraining));
    return placeholder("pkeep", TFloat32.class, Shape.scalar());
  }

  private <T extends TType> Placeholder<T> placeholder(String name, Class<T> type, Shape shape) {
    return tf.withName(name).placeholder(type, Placeholder.shape(shape));
  }

  // ---- Variables

  /** Weights that start from a normal distribution cut off at two standard deviations of 0.1. */
  public Variable<TFloat32> weights(String name, long... shape) {
    Ops initial = tf.withSubScope(name + "_initial");
    Operand<TFloat32> normal =
        initial.random.truncatedNormal(
            initial.constant(shape),
            TFloat32.class,
            TruncatedNormal.seed(chosen.seed()),
            TruncatedNormal.seed2(++randomNodes));
    Operand<TFloat32> scaled = initial.math.mul(normal, initial.constant(WEIGHTS_STDDEV));
    return variable(name, Shape.of(shape), scaled);
  }

  /** A variable that starts with {@code value} everywhere. */
  public Variable<TFloat32> filled(String name, float value, long... shape) {
    Ops initial = tf.withSubScope(name + "_initial");
    return variable(
        name, Shape.of(shape), initial.fill(initial.constant(shape), initial.constant(value)));
  }

  /** Biases of a layer with {@code size} outputs, all starting at {@code value}. */
  public Variable<TFloat32> biases(String name, float value, long size) {
    return filled(name, value, size);
  }

  private Variable<TFloat32> variable(String name, Shape shape, Operand<TFloat32> initialValue) {
    Variable<TFloat32> variable = tf.withName(name).variable(shape, TFloat32.class);
    tf.withInitScope().withName(name + "_assign").assign(variable, initialValue);
    variables.add(variable);
    return variable;
  }

  // ---- What may be chosen otherwise

  /** The activation of the stage's hidden layers: the script's, unless another is chosen. */
  public Activation activation(Activation ofTheScript) {
    activation = Optional.of(chosen.activation().orElse(ofTheScript));
    return activation.get();
  }

  /** A constant learning rate: the script's, unless another is chosen. */
  public float learningRate(float ofTheScript) {
    learningRate = Optional.of(chosen.learningRate().orElse(ofTheScript));
    return learningRate.get();
  }

  /**
   * {@code lr}: a learning rate that decays in the graph, {@code floor + start · (1/e)^(step /
   * decaySteps)}, unless another is chosen by a constant.
   *
   * @return scalar
   */
  public Operand<TFloat32> decayingLearningRate(
      Operand<TInt32> step, float floor, float start, float decaySteps) {
    if (chosen.learningRate().isPresent()) {
      return tf.withName("lr").constant(learningRate(0));
    }
    Operand<TFloat32> periods =
        tf.math.div(tf.dtypes.cast(step, TFloat32.class), tf.constant(decaySteps));
    Operand<TFloat32> decay = tf.math.pow(tf.constant((float) (1 / Math.E)), periods);
    return tf.withName("lr").math.add(tf.constant(floor), tf.math.mul(tf.constant(start), decay));
  }

  // ---- Layers, loss and accuracy

  /**
   * A convolution without bias or activation, zero-padded so that stride 1 keeps the size.
   *
   * @param x [batch, height, width, channels in]
   * @param w [patch height, patch width, channels in, channels out]
   * @param stride pixels from one patch to the next, both ways
   * @return [batch, height / stride, width / stride, channels out]
   */
  public Operand<TFloat32> conv2d(Operand<TFloat32> x, Operand<TFloat32> w, long stride) {
    return tf.nn.conv2d(x, w, List.of(1L, stride, stride, 1L), "SAME");
  }

  /**
   * Dropout: each value is kept with probability {@code pkeep} and scaled by 1/pkeep, or becomes 0.
   * Node for node what {@code tf.nn.dropout(x, pkeep)} makes.
   *
   * @param name what the node is called in the graph
   * @param x any shape
   * @param pkeep scalar
   * @return the same shape
   */
  public Operand<TFloat32> dropout(String name, Operand<TFloat32> x, Operand<TFloat32> pkeep) {
    dropouts.put(name, x.asOutput().op().name());
    Operand<TFloat32> one = tf.constant(1f);
    Operand<TFloat32> rate = tf.math.sub(one, pkeep);
    Operand<TFloat32> scaled = tf.math.div(x, tf.math.sub(one, rate));
    Operand<TFloat32> uniform =
        tf.random.randomUniform(
            tf.shape(x),
            TFloat32.class,
            RandomUniform.seed(chosen.seed()),
            RandomUniform.seed2(++randomNodes));
    return tf.withName(name).select(tf.math.greaterEqual(uniform, rate), scaled, tf.constant(0f));
  }

  /**
   * {@code cross_entropy}: softmax and cross-entropy in one numerically stable operation, the mean
   * over the batch times 100.
   *
   * @param logits [batch, 10], before the softmax
   * @param labels [batch, 10], one-hot
   * @return scalar
   */
  public Operand<TFloat32> crossEntropy(Operand<TFloat32> logits, Operand<TFloat32> labels) {
    Operand<TFloat32> loss = tf.nn.softmaxCrossEntropyWithLogits(logits, labels).loss();
    return tf.withName("cross_entropy")
        .math
        .mul(tf.math.mean(loss, tf.constant(new int[] {0})), tf.constant(100f));
  }

  /**
   * {@code accuracy}: the share of images whose most probable class is the right one, 0..1.
   *
   * @param probabilities [batch, 10]
   * @param labels [batch, 10], one-hot
   * @return scalar
   */
  public Operand<TFloat32> accuracy(Operand<TFloat32> probabilities, Operand<TFloat32> labels) {
    predicted = tf.math.argMax(probabilities, tf.constant(1)).asOutput();
    Operand<TInt64> right = tf.math.argMax(labels, tf.constant(1));
    return tf.withName("accuracy")
        .math
        .mean(
            tf.dtypes.cast(tf.math.equal(predicted, right), TFloat32.class),
            tf.constant(new int[] {0}));
  }

  /** {@code train_step}: one step of {@code optimizer} down the gradient of {@code loss}. */
  public void trainStep(Optimizer optimizer, Operand<TFloat32> loss) {
    optimizer.minimize(loss, "train_step");
  }
}
