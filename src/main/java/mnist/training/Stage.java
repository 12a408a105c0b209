package mnist.training;

import mnist.network.NetworkBuilder;

/** A stage of the tutorial: a network, and how its script trains it. */
public interface Stage {

  /** What the script fixes beside the network. */
  Script script();

  /** Writes the network into the builder's graph, from the placeholders to {@code train_step}. */
  void build(NetworkBuilder net);
}
