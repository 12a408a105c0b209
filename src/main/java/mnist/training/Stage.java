package mnist.training;

import mnist.nn.Hyperparameters;
import mnist.nn.Network;
import mnist.nn.NetworkBuilder;

/**
 * A stage of the tutorial, or 5.0, which goes beyond it: a network and how it is trained. All but
 * {@link #network} is known without TensorFlow's native library.
 */
public abstract class Stage {
  private final String name;
  private final String title;
  private final Schedule schedule;
  private final double reportedAccuracy;
  private final Architecture architecture;

  /** What kind of layers a network has, and so what a training step costs. */
  public enum Architecture {
    /** Dense layers: a step takes a few milliseconds, and gains nothing from several threads. */
    DENSE,
    /** Convolutional layers: a step takes 10 to 30 milliseconds. */
    CONVOLUTIONAL,
    /** Convolutional layers with many channels: a step takes a tenth of a second or more. */
    LARGE_CONVOLUTIONAL
  }

  /**
   * @param name the script's number, such as "3.0"
   * @param title the network in a few words
   * @param schedule how long the script trains, and when it measures
   * @param reportedAccuracy the test accuracy that the tutorial reports, 0..1: the best of a run or
   *     the final one, as its comments have it
   */
  protected Stage(
      String name,
      String title,
      Schedule schedule,
      double reportedAccuracy,
      Architecture architecture) {
    this.name = name;
    this.title = title;
    this.schedule = schedule;
    this.reportedAccuracy = reportedAccuracy;
    this.architecture = architecture;
  }

  /** Sets those hyperparameters that the network has; a learning rate only if it is constant. */
  protected void setDefaults(Hyperparameters defaults) {}

  /** Writes the network into the builder's graph, from the placeholders to {@code train_step}. */
  protected abstract void build(NetworkBuilder net);

  /** The hyperparameters that the script uses; new for each caller, who may change them. */
  public final Hyperparameters defaults(long seed) {
    Hyperparameters defaults = new Hyperparameters();
    defaults.seed = seed;
    setDefaults(defaults);
    return defaults;
  }

  /**
   * The network in a graph of its own, which the caller closes.
   *
   * @param hyperparameters the stage's defaults, with any changes
   * @throws IllegalArgumentException if one is out of its range
   */
  public final Network network(Hyperparameters hyperparameters) {
    return NetworkBuilder.build(hyperparameters, this::build);
  }

  /** The network with the script's hyperparameters, in a graph which the caller closes. */
  public final Network network(long seed) {
    return network(defaults(seed));
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

  /** The test accuracy that the tutorial reports, 0..1. */
  public final double reportedAccuracy() {
    return reportedAccuracy;
  }

  /** Whether the network has convolutional layers. */
  public final boolean isConvolutional() {
    return architecture != Architecture.DENSE;
  }

  /** Whether a training step takes a tenth of a second or more. */
  public final boolean isSlow() {
    return architecture == Architecture.LARGE_CONVOLUTIONAL;
  }
}
