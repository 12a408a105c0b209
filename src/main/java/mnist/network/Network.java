package mnist.network;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** A stage's graph by its named ends: what is fed, what is fetched, what is trained. */
public final class Network implements AutoCloseable {
  private static final List<String> ENDS =
      List.of("X", "Y_", "Ylogits", "Y", "cross_entropy", "accuracy", "train_step");

  private final Graph graph;
  private final Hyperparameters hyperparameters;
  private final List<Variable<TFloat32>> variables;
  private final Map<String, String> dropouts;
  private final Output<TInt64> predicted;

  Network(
      Graph graph,
      Hyperparameters hyperparameters,
      List<Variable<TFloat32>> variables,
      Map<String, String> dropouts,
      Output<TInt64> predicted) {
    this.graph = graph;
    this.hyperparameters = hyperparameters;
    this.variables = List.copyOf(variables);
    this.dropouts = Map.copyOf(dropouts);
    this.predicted = predicted;
    for (String name : ENDS) {
      if (graph.operation(name) == null) {
        throw new IllegalStateException("the network has no node named " + name);
      }
    }
  }

  /** The graph itself; closed with this network. */
  public Graph graph() {
    return graph;
  }

  /**
   * Those in force. Empty where the network has no such thing: no choice of activation, a learning
   * rate that is not constant but the node {@code lr}, no dropout.
   */
  public Hyperparameters hyperparameters() {
    return hyperparameters;
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

  /** {@code cross_entropy}: the loss, float32 scalar. */
  public Output<TFloat32> crossEntropy() {
    return end("cross_entropy");
  }

  /** {@code accuracy}: float32 scalar, 0..1. */
  public Output<TFloat32> accuracy() {
    return end("accuracy");
  }

  /** The most probable class of each image, 0..9, int64 [batch]. */
  public Output<TInt64> predicted() {
    return predicted;
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

  private Output<TFloat32> end(String name) {
    return graph.operation(name).output(0);
  }

  @Override
  public void close() {
    graph.close();
  }
}
