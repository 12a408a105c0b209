package mnist.network;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/**
 * A stage's graph by its named ends: what is fed, what is fetched, what is trained. The graph
 * belongs to whoever opened it.
 */
public final class Network {
  private final Graph graph;
  private final List<Variable<TFloat32>> variables;
  private final Map<String, String> dropouts;
  private final Optional<Activation> activation;
  private final Optional<Float> constantLearningRate;
  private final Optional<Float> keepProbability;

  Network(
      Graph graph,
      List<Variable<TFloat32>> variables,
      Map<String, String> dropouts,
      Optional<Activation> activation,
      Optional<Float> constantLearningRate,
      Optional<Float> keepProbability) {
    this.graph = graph;
    this.variables = List.copyOf(variables);
    this.dropouts = Map.copyOf(dropouts);
    this.activation = activation;
    this.constantLearningRate = constantLearningRate;
    this.keepProbability = keepProbability;
    for (String name :
        List.of("X", "Y_", "Ylogits", "Y", "cross_entropy", "accuracy", "train_step")) {
      if (graph.operation(name) == null) {
        throw new IllegalStateException("the network has no node named " + name);
      }
    }
  }

  /** The graph itself. */
  public Graph graph() {
    return graph;
  }

  /** {@code X}: float32 [batch, 28, 28, 1], fed. */
  public Output<TFloat32> images() {
    return end("X");
  }

  /** {@code Y_}: float32 [batch, 10], fed. */
  public Output<TFloat32> labels() {
    return end("Y_");
  }

  /** {@code step}: int32 scalar, fed; where the learning rate decays. */
  public Optional<Operation> step() {
    return Optional.ofNullable(graph.operation("step"));
  }

  /** {@code pkeep}: float32 scalar, fed; where there is dropout. */
  public Optional<Operation> pkeep() {
    return Optional.ofNullable(graph.operation("pkeep"));
  }

  /** {@code Y}: probabilities, float32 [batch, 10]. */
  public Output<TFloat32> probabilities() {
    return end("Y");
  }

  /** {@code cross_entropy}: the loss, float32 scalar. */
  public Output<TFloat32> crossEntropy() {
    return end("cross_entropy");
  }

  /** {@code accuracy}: float32 scalar, 0..1. */
  public Output<TFloat32> accuracy() {
    return end("accuracy");
  }

  /** {@code lr}: float32 scalar; where the learning rate is a node of the graph. */
  public Optional<Output<TFloat32>> learningRate() {
    return Optional.ofNullable(graph.operation("lr")).map(op -> op.output(0));
  }

  /** {@code train_step}: run it to train. */
  public Operation trainStep() {
    return graph.operation("train_step");
  }

  /** Weights and biases, in the chapter's order. */
  public List<Variable<TFloat32>> variables() {
    return variables;
  }

  /** The dropouts by their nodes' names, each with the name of the node that it drops from. */
  public Map<String, String> dropouts() {
    return dropouts;
  }

  /** The activation of the hidden layers, where the stage leaves a choice. */
  public Optional<Activation> activation() {
    return activation;
  }

  /** The learning rate, where it is constant. */
  public Optional<Float> constantLearningRate() {
    return constantLearningRate;
  }

  /** What {@code pkeep} is fed in training, where there is dropout. */
  public Optional<Float> keepProbability() {
    return keepProbability;
  }

  private Output<TFloat32> end(String name) {
    return graph.operation(name).output(0);
  }
}
