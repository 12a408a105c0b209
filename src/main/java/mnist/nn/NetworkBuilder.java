package mnist.nn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.random.RandomUniform;
import org.tensorflow.op.random.TruncatedNormal;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * Builds a stage's graph: placeholders, seeded variables, and those layers and losses that need
 * more than one TensorFlow operation.
 *
 * <p>Nodes have the tutorial's names. Random nodes have the run's seed as {@code seed} and 1, 2, 3
 * … in order of creation as {@code seed2}, so that the same stage gives the same numbers in Python.
 */
public final class NetworkBuilder {
  /** Standard deviation of the initial weights throughout the tutorial. */
  private static final float WEIGHTS_STDDEV = 0.1f;

  private final Graph graph;
  private final Ops tf;
  private long randomNodes;

  final Hyperparameters hyperparameters;
  final List<Variable<TFloat32>> trained = new ArrayList<>();
  final List<Variable<TFloat32>> averages = new ArrayList<>();
  final Map<String, String> inferenceReplacements = new HashMap<>();
  final Map<String, Long> samplesPerExample = new HashMap<>();
  Output<TInt64> predicted;
  Output<TFloat32> trainingLoss;

  NetworkBuilder(Graph graph, Hyperparameters hyperparameters) {
    hyperparameters.check();
    this.graph = graph;
    this.tf = Ops.create(graph);
    this.hyperparameters = hyperparameters;
  }

  /**
   * Builds a network in a new graph.
   *
   * @param stage adds the nodes, from the placeholders to {@code train_step}
   * @throws IllegalArgumentException if a hyperparameter is out of its range
   */
  public static Network build(Hyperparameters hyperparameters, Consumer<NetworkBuilder> stage) {
    Graph graph = new Graph();
    try {
      return NodeNames.withAsciiDigits(
          () -> {
            NetworkBuilder net = new NetworkBuilder(graph, hyperparameters);
            stage.accept(net);
            return new Network(net);
          });
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  /** The graph, for the optimizers. */
  public Graph graph() {
    return graph;
  }

  /** TensorFlow's operations on the graph. */
  public Ops tf() {
    return tf;
  }

  // ---- Placeholders

  /** {@code X}: images, pixel values 0..255/256, [batch, 28, 28, 1]. */
  public Placeholder<TFloat32> images() {
    return placeholder("X", TFloat32.class, Shape.of(Shape.UNKNOWN_SIZE, 28, 28, 1));
  }

  /** {@code Y_}: labels, one-hot, [batch, 10]. */
  public Placeholder<TFloat32> labels() {
    return placeholder("Y_", TFloat32.class, Shape.of(Shape.UNKNOWN_SIZE, 10));
  }

  /** {@code step}: the number of the iteration, scalar, from 0. */
  public Placeholder<TInt32> step() {
    return placeholder("step", TInt32.class, Shape.scalar());
  }

  /** {@code iter}: the same under the name that the scripts with batch normalization use. */
  public Placeholder<TInt32> iteration() {
    return placeholder("iter", TInt32.class, Shape.scalar());
  }

  /**
   * {@code tst}: whether the test set is measured, scalar; false in training and when the current
   * batch is measured.
   */
  public Placeholder<TBool> testing() {
    return placeholder("tst", TBool.class, Shape.scalar());
  }

  /**
   * {@code pkeep_conv}: the probability that dropout keeps a channel of a convolutional layer,
   * scalar; always 1, in training too.
   */
  public Placeholder<TFloat32> channelKeepProbability() {
    return placeholder("pkeep_conv", TFloat32.class, Shape.scalar());
  }

  /**
   * {@code pkeep}: the probability that dropout keeps a neuron, scalar; the hyperparameter in
   * training, 1 when measuring.
   */
  public Placeholder<TFloat32> keepProbability() {
    return placeholder("pkeep", TFloat32.class, Shape.scalar());
  }

  private <T extends TType> Placeholder<T> placeholder(String name, Class<T> type, Shape shape) {
    return tf.withName(name).placeholder(type, Placeholder.shape(shape));
  }

  // ---- Variables

  /** Weights initialized from a truncated normal distribution with a standard deviation of 0.1. */
  public Variable<TFloat32> weights(String name, long... shape) {
    return weights(name, WEIGHTS_STDDEV, shape);
  }

  /** Weights initialized from a truncated normal distribution. */
  public Variable<TFloat32> weights(String name, float stddev, long... shape) {
    Ops initial = tf.withSubScope(name + "_initial");
    Operand<TFloat32> normal =
        initial.random.truncatedNormal(
            initial.constant(shape),
            TFloat32.class,
            TruncatedNormal.seed(hyperparameters.seed),
            TruncatedNormal.seed2(++randomNodes));
    Operand<TFloat32> scaled = initial.math.mul(normal, initial.constant(stddev));
    return variable(name, Shape.of(shape), scaled);
  }

  /** A trained variable, initialized to {@code value} everywhere. */
  public Variable<TFloat32> constant(String name, float value, long... shape) {
    Ops initial = tf.withSubScope(name + "_initial");
    return variable(
        name, Shape.of(shape), initial.fill(initial.constant(shape), initial.constant(value)));
  }

  /** Biases of a layer with {@code size} outputs, initialized to {@code value}. */
  public Variable<TFloat32> biases(String name, float value, long size) {
    return constant(name, value, size);
  }

  private Variable<TFloat32> variable(String name, Shape shape, Operand<TFloat32> initialValue) {
    Variable<TFloat32> variable = untrained(name, shape, initialValue);
    trained.add(variable);
    return variable;
  }

  private Variable<TFloat32> untrained(String name, Shape shape, Operand<TFloat32> initialValue) {
    Variable<TFloat32> variable = tf.withName(name).variable(shape, TFloat32.class);
    tf.withInitScope().withName(name + "_assign").assign(variable, initialValue);
    return variable;
  }

  /**
   * A variable for a moving average, initialized to 0 and not trained.
   *
   * @param shape fully defined
   */
  Variable<TFloat32> average(String name, Shape shape) {
    Ops initial = tf.withSubScope(name + "_initial");
    Variable<TFloat32> average =
        untrained(
            name, shape, initial.fill(initial.constant(shape.asArray()), initial.constant(0f)));
    averages.add(average);
    return average;
  }

  /** Makes the exported model use {@code replacement} in place of a node. */
  void replaceInInference(Operand<?> node, Operand<?> replacement) {
    inferenceReplacements.put(node.asOutput().op().name(), replacement.asOutput().op().name());
  }

  // ---- Hyperparameters

  /** The activation of the hidden layers. */
  public Activation activation() {
    return hyperparameters.activation;
  }

  /** The constant learning rate. */
  public float learningRate() {
    return hyperparameters.learningRate;
  }

  /**
   * {@code lr}: a learning rate that decays in the graph, {@code floor + start · (1/e)^(step /
   * decaySteps)}, unless the hyperparameters have a constant one.
   *
   * @return scalar
   */
  public Operand<TFloat32> decayingLearningRate(
      Operand<TInt32> step, float floor, float start, float decaySteps) {
    if (hyperparameters.learningRate != null) {
      return tf.withName("lr").constant(learningRate());
    }
    Operand<TFloat32> periods =
        tf.math.div(tf.dtypes.cast(step, TFloat32.class), tf.constant(decaySteps));
    Operand<TFloat32> decay = tf.math.pow(tf.constant((float) (1 / Math.E)), periods);
    return tf.withName("lr").math.add(tf.constant(floor), tf.math.mul(tf.constant(start), decay));
  }

  /**
   * {@code lr}: a learning rate that rises from 0 to {@code peak} during {@code warmUp} iterations
   * and then falls to 0 at iteration {@code last} along half a cosine, unless the hyperparameters
   * have a constant one.
   *
   * @return scalar
   */
  public Operand<TFloat32> cosineLearningRate(
      Operand<TInt32> step, float peak, float warmUp, float last) {
    if (hyperparameters.learningRate != null) {
      return tf.withName("lr").constant(learningRate());
    }
    Operand<TFloat32> i = tf.math.minimum(tf.dtypes.cast(step, TFloat32.class), tf.constant(last));
    Operand<TFloat32> rising = tf.math.div(tf.math.add(i, tf.constant(1f)), tf.constant(warmUp));
    Operand<TFloat32> angle = tf.math.mul(i, tf.constant((float) (Math.PI / last)));
    Operand<TFloat32> falling =
        tf.math.add(tf.math.mul(tf.math.cos(angle), tf.constant(0.5f)), tf.constant(0.5f));
    return tf.withName("lr").math.mul(tf.math.minimum(rising, falling), tf.constant(peak));
  }

  // ---- Random numbers

  /**
   * Uniform random numbers 0..1 for each image.
   *
   * @param images [batch, …]
   * @param count numbers per image
   * @return [batch, count]
   */
  public Operand<TFloat32> uniform(Operand<TFloat32> images, int count) {
    Operand<TInt32> batch =
        tf.slice(tf.shape(images), tf.constant(new int[] {0}), tf.constant(new int[] {1}));
    Operand<TInt32> shape =
        tf.concat(List.of(batch, tf.constant(new int[] {count})), tf.constant(0));
    return uniform(shape, count);
  }

  private Operand<TFloat32> uniform(Operand<TInt32> shape, long samplesPerExample) {
    Operand<TFloat32> uniform =
        tf.random.randomUniform(
            shape,
            TFloat32.class,
            RandomUniform.seed(hyperparameters.seed),
            RandomUniform.seed2(++randomNodes));
    this.samplesPerExample.put(uniform.asOutput().op().name(), samplesPerExample);
    return uniform;
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

  /** The same, naming the node. */
  public Operand<TFloat32> conv2d(
      String name, Operand<TFloat32> x, Operand<TFloat32> w, long stride) {
    return tf.withName(name).nn.conv2d(x, w, List.of(1L, stride, stride, 1L), "SAME");
  }

  /**
   * The maximum of each neuron over the batch, {@code Y1max} for {@code Y1} and so on. Nothing
   * depends on these nodes; the view shows from them which neurons are active.
   *
   * @param layers [batch, …]
   */
  @SafeVarargs
  public final void batchMax(Operand<TFloat32>... layers) {
    for (Operand<TFloat32> layer : layers) {
      tf.withName(layer.asOutput().op().name() + "max").max(layer, tf.constant(new int[] {0}));
    }
  }

  /**
   * Dropout: each value is kept with probability {@code pkeep} and scaled by 1/pkeep, or becomes 0.
   * Creates the same nodes as Python's {@code tf.nn.dropout(x, pkeep)}.
   *
   * @param name the node's name in the graph
   * @param x any shape
   * @param pkeep scalar
   * @return the same shape
   */
  public Operand<TFloat32> dropout(String name, Operand<TFloat32> x, Operand<TFloat32> pkeep) {
    return dropout(name, x, pkeep, tf.shape(x), x.shape().tail().size());
  }

  /**
   * Dropout of whole channels of a convolutional layer, since neighboring values are so alike that
   * dropping some of them removes little information.
   *
   * @param x [batch, height, width, channels]
   */
  public Operand<TFloat32> channelDropout(
      String name, Operand<TFloat32> x, Operand<TFloat32> pkeep) {
    Operand<TInt32> shape = // [batch, 1, 1, channels]
        tf.math.add(
            tf.math.mul(tf.shape(x), tf.constant(new int[] {1, 0, 0, 1})),
            tf.constant(new int[] {0, 1, 1, 0}));
    return dropout(name, x, pkeep, shape, x.shape().get(3));
  }

  private Operand<TFloat32> dropout(
      String name,
      Operand<TFloat32> x,
      Operand<TFloat32> pkeep,
      Operand<TInt32> noise,
      long samplesPerExample) {
    Operand<TFloat32> one = tf.constant(1f);
    Operand<TFloat32> rate = tf.math.sub(one, pkeep);
    Operand<TFloat32> scaled = tf.math.div(x, tf.math.sub(one, rate));
    Operand<TFloat32> uniform = uniform(noise, samplesPerExample);
    Operand<TFloat32> dropped =
        tf.withName(name).select(tf.math.greaterEqual(uniform, rate), scaled, tf.constant(0f));
    replaceInInference(dropped, x);
    return dropped;
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
    return crossEntropy("cross_entropy", logits, labels);
  }

  /** The same under another name, for logits that are trained on but not measured. */
  public Operand<TFloat32> crossEntropy(
      String name, Operand<TFloat32> logits, Operand<TFloat32> labels) {
    Operand<TFloat32> loss = tf.nn.softmaxCrossEntropyWithLogits(logits, labels).loss();
    return tf.withName(name)
        .math
        .mul(tf.math.mean(loss, tf.constant(new int[] {0})), tf.constant(100f));
  }

  /**
   * {@code accuracy}: the share of images whose most probable class is their label, 0..1.
   *
   * @param probabilities [batch, 10]
   * @param labels [batch, 10], one-hot
   * @return scalar
   */
  public Operand<TFloat32> accuracy(Operand<TFloat32> probabilities, Operand<TFloat32> labels) {
    predicted = tf.math.argMax(probabilities, tf.constant(1)).asOutput();
    Operand<TInt64> label = tf.math.argMax(labels, tf.constant(1));
    return tf.withName("accuracy")
        .math
        .mean(
            tf.dtypes.cast(tf.math.equal(predicted, label), TFloat32.class),
            tf.constant(new int[] {0}));
  }

  /** {@code train_step}: one step of {@code optimizer} to minimize {@code loss}. */
  public void trainStep(Optimizer optimizer, Operand<TFloat32> loss) {
    minimize(optimizer, loss, "train_step");
  }

  private Op minimize(Optimizer optimizer, Operand<TFloat32> loss, String name) {
    Output<?>[] variables = trained.stream().map(Operand::asOutput).toArray(Output<?>[]::new);
    List<Optimizer.GradAndVar<? extends TType>> pairs = new ArrayList<>();
    for (Output<?> gradient : graph.addGradients(loss.asOutput(), variables)) {
      Output<?> variable = variables[pairs.size()];
      pairs.add(
          new Optimizer.GradAndVar<>(
              gradient.expect(TFloat32.class), variable.expect(TFloat32.class)));
    }
    trainingLoss = loss.asOutput();
    return optimizer.applyGradients(pairs, name);
  }

  /** The same, followed by an update of moving averages in the same run. */
  public void trainStep(Optimizer optimizer, Operand<TFloat32> loss, MovingAverages... averages) {
    Op minimized = minimize(optimizer, loss, "minimize");
    List<Op> all = new ArrayList<>(List.of(minimized));
    for (int i = 0; i < averages.length; i++) {
      all.add(averages[i].update("moving_averages_" + (i + 1), minimized));
    }
    tf.withControlDependencies(all).withName("train_step").noOp();
  }

  /**
   * {@code update_ema}: updates moving averages in a run of its own after each training step, with
   * the same batch and without dropout.
   */
  public void updateAfterTrainStep(MovingAverages averages) {
    averages.update("update_ema");
  }
}
