package mnist.nn;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The activation function of a layer, and the initial value of the biases before it. */
public enum Activation {
  /** 1 / (1 + e<sup>−x</sup>), values 0..1; biases start at 0. */
  SIGMOID(0f),

  /** max(0, x); biases start slightly positive, so that the neurons start in the active range. */
  RELU(0.1f);

  private final float initialBias;

  Activation(float initialBias) {
    this.initialBias = initialBias;
  }

  /** In lower case, as options and {@code run.json} have it. */
  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The initial value of the biases of a layer with this activation. */
  public float initialBias() {
    return initialBias;
  }

  /**
   * @param name the node's name in the graph
   * @param x any shape
   * @return the same shape
   */
  public Operand<TFloat32> apply(Ops tf, String name, Operand<TFloat32> x) {
    return switch (this) {
      case SIGMOID -> tf.withName(name).math.sigmoid(x);
      case RELU -> tf.withName(name).nn.relu(x);
    };
  }
}
