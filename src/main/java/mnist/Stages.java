package mnist;

import java.util.List;
import mnist.training.Stage;

/** The stages: the tutorial's, in its order, then this project's own. */
public final class Stages {
  private Stages() {}

  /** All of them. */
  public static List<Stage> all() {
    return List.of(
        new Mnist10Softmax(),
        new Mnist20FiveLayersSigmoid(),
        new Mnist21FiveLayersReluLrDecay(),
        new Mnist22FiveLayersReluLrDecayDropout(),
        new Mnist30Convolutional(),
        new Mnist31ConvolutionalBiggerDropout(),
        new Mnist40BatchNormFiveLayersSigmoid(),
        new Mnist41BatchNormFiveLayersRelu(),
        new Mnist42BatchNormConvolutional(),
        new Mnist50DistortedConvolutional());
  }

  /**
   * The stage of that number, such as "3.0".
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Stage named(String name) {
    return all().stream()
        .filter(stage -> stage.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no stage "
                        + name
                        + "; there are "
                        + all().stream().map(Stage::name).toList()));
  }
}
