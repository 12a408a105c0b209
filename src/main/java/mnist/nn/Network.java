package mnist.nn;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** A stage's graph, with its inputs, outputs and variables. */
public final class Network implements AutoCloseable {
  private static final List<String> REQUIRED =
      List.of("X", "Y_", "Ylogits", "Y", "cross_entropy", "accuracy", "train_step");

  private final Graph graph;
  private final Hyperparameters hyperparameters;
  private final List<Variable<TFloat32>> trained;
  private final List<Variable<TFloat32>> averages;
  private final Map<String, String> inferenceReplacements;
  private final Map<String, Long> samplesPerExample;
  private final Output<TFloat32> trainingLoss;
  private final Output<TInt64> predicted;

  /**
   * @throws IllegalArgumentException if a node that every stage has is missing
   */
  Network(NetworkBuilder net) {
    graph = net.graph();
    hyperparameters = net.hyperparameters;
    trained = List.copyOf(net.trained);
    averages = List.copyOf(net.averages);
    inferenceReplacements = Map.copyOf(net.inferenceReplacements);
    samplesPerExample = Map.copyOf(net.samplesPerExample);
    trainingLoss = net.trainingLoss;
    predicted = net.predicted;
    for (String name : REQUIRED) {
      graph.operationOrThrow(name);
    }
  }

  /** The graph itself; closed with this network. */
  public Graph graph() {
    return graph;
  }

  /** The hyperparameters that the network was built with. */
  public Hyperparameters hyperparameters() {
    return hyperparameters;
  }

  /** {@code X}: float32 [batch, 28, 28, 1], fed. */
  public Output<TFloat32> images() {
    return output("X");
  }

  /** {@code Y_}: float32 [batch, 10], fed. */
  public Output<TFloat32> labels() {
    return output("Y_");
  }

  /** {@code step} or {@code iter}: int32 scalar, fed; where the learning rate decays. */
  public Optional<Operation> step() {
    return optional("step").or(() -> optional("iter"));
  }

  /** {@code pkeep}: float32 scalar, fed; where there is dropout. */
  public Optional<Operation> pkeep() {
    return optional("pkeep");
  }

  /** {@code pkeep_conv}: float32 scalar, fed; where there is dropout of channels. */
  public Optional<Operation> pkeepConv() {
    return optional("pkeep_conv");
  }

  /** {@code tst}: bool scalar, fed; where the test set is measured with moving averages. */
  public Optional<Operation> tst() {
    return optional("tst");
  }

  /** {@code cross_entropy}: the loss, float32 scalar. */
  public Output<TFloat32> crossEntropy() {
    return output("cross_entropy");
  }

  /** {@code accuracy}: float32 scalar, 0..1. */
  public Output<TFloat32> accuracy() {
    return output("accuracy");
  }

  /** The most probable class of each image, 0..9, int64 [batch]. */
  public Output<TInt64> predicted() {
    return predicted;
  }

  /** {@code lr}: float32 scalar; where the learning rate is a node of the graph. */
  public Optional<Output<TFloat32>> learningRate() {
    return optional("lr").map(op -> op.output(0));
  }

  /** {@code train_step}: makes a training step. */
  public Operation trainStep() {
    return graph.operation("train_step");
  }

  /** The loss that {@code train_step} minimizes: float32 scalar. */
  public Output<TFloat32> trainingLoss() {
    return trainingLoss;
  }

  /**
   * {@code update_ema}: updates the moving averages after {@code train_step}, where that does not
   * do so itself.
   */
  public Optional<Operation> updateEma() {
    return optional("update_ema");
  }

  /** The trained variables in the stage's order, then the moving averages. */
  public List<Variable<TFloat32>> variables() {
    return Stream.concat(trained.stream(), averages.stream()).toList();
  }

  /** The trained variables, weights and biases, in the stage's order. */
  public List<Variable<TFloat32>> trained() {
    return trained;
  }

  /**
   * The nodes that only training needs, such as dropout, each with the node that replaces it in an
   * exported model; both by name.
   */
  public Map<String, String> inferenceReplacements() {
    return inferenceReplacements;
  }

  /** How many random numbers each random node draws for one image, by its name. */
  public Map<String, Long> samplesPerExample() {
    return samplesPerExample;
  }

  private Optional<Operation> optional(String name) {
    return Optional.ofNullable(graph.operation(name));
  }

  private Output<TFloat32> output(String name) {
    return graph.operation(name).output(0);
  }

  @Override
  public void close() {
    graph.close();
  }
}
