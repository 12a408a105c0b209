package mnist.training;

import mnist.nn.Hyperparameters;
import mnist.nn.Network;
import mnist.nn.NetworkBuilder;

/** A stage of the tutorial: a network, and how its script trains it. */
public abstract class Stage {
  private final String name;
  private final String title;
  private final Schedule schedule;
  private final double reportedAccuracy;

  /**
   * @param name the script's number, such as "3.0"
   * @param title the network in a few words
   * @param schedule how long the script trains, and when it measures
   * @param reportedAccuracy the best test accuracy that the tutorial reports, 0..1
   */
  protected Stage(String name, String title, Schedule schedule, double reportedAccuracy) {
    this.name = name;
    this.title = title;
    this.schedule = schedule;
    this.reportedAccuracy = reportedAccuracy;
  }

  /** Writes the network into the builder's graph, from the placeholders to {@code train_step}. */
  protected abstract void build(NetworkBuilder net);

  /** The network in a graph of its own, which whoever asks for it closes. */
  public final Network network(Hyperparameters chosen) {
    return NetworkBuilder.build(chosen, this::build);
  }

  /** The script's number, such as "3.0". */
  public final String name() {
    return name;
  }

  /** The network in a few words. */
  public final String title() {
    return title;
  }

  /** How long the script trains, and when it measures. */
  public final Schedule schedule() {
    return schedule;
  }

  /** The best test accuracy that the tutorial reports, 0..1. */
  public final double reportedAccuracy() {
    return reportedAccuracy;
  }
}
