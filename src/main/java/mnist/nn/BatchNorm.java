package mnist.nn;

import java.util.Arrays;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;

/**
 * Batch normalization (Ioffe and Szegedy, 2015), composed of its operations. It shifts and scales a
 * neuron's values over a batch to mean 0 and variance 1, and then by an offset and a scale that the
 * network learns:
 *
 * <pre>
 *   mean     = the batch's mean of x
 *   variance = the batch's mean of (x − mean)²
 *   y        = (x − mean) / √(variance + 1e-5) · scale + offset
 * </pre>
 *
 * <p>The prediction for one image must not depend on the others in its batch. So with {@code tst}
 * the moving averages of mean and variance during training replace the batch's.
 */
public final class BatchNorm {
  private static final float EPSILON = 1e-5f;

  private final NetworkBuilder net;
  private final Ops tf;
  private final Operand<TBool> tst;
  private final MovingAverages averages;

  /**
   * @param tst whether to use the moving averages, scalar
   * @param averages holds them
   */
  public BatchNorm(NetworkBuilder net, Operand<TBool> tst, MovingAverages averages) {
    this.net = net;
    tf = net.tf();
    this.tst = tst;
    this.averages = averages;
  }

  /**
   * Normalizes with an offset but no scale. Before ReLU a scale is redundant: it passes through and
   * the next layer's weights can do the same.
   *
   * @param layer the layer's number; its averages become the variables M and V with this number
   * @param x [batch, neurons], or [batch, height, width, channels], where the mean of a channel is
   *     over all positions
   * @param offset [neurons] or [channels]
   * @return the node {@code Y<layer>bn}, x's shape
   */
  public Operand<TFloat32> apply(int layer, Operand<TFloat32> x, Operand<TFloat32> offset) {
    Moments moments = moments(layer, x);
    return normalized(layer, x, moments, inverseDeviation(moments), offset);
  }

  /** Normalizes with an offset and a scale. */
  public Operand<TFloat32> apply(
      int layer, Operand<TFloat32> x, Operand<TFloat32> offset, Operand<TFloat32> scale) {
    Moments moments = moments(layer, x);
    Operand<TFloat32> inverse = tf.math.mul(inverseDeviation(moments), scale);
    return normalized(layer, x, moments, inverse, offset);
  }

  /** Mean and variance of each neuron: the batch's, or with {@code tst} the moving averages. */
  private record Moments(Operand<TFloat32> mean, Operand<TFloat32> variance) {}

  private Moments moments(int layer, Operand<TFloat32> x) {
    int[] axes = new int[x.shape().numDimensions() - 1]; // all but the neurons
    Arrays.setAll(axes, axis -> axis);
    Operand<TFloat32> mean = tf.math.mean(x, tf.constant(axes), Mean.keepDims(true));
    Operand<TFloat32> squares = tf.math.squaredDifference(x, tf.stopGradient(mean));
    Operand<TFloat32> variance = tf.math.mean(squares, tf.constant(axes), Mean.keepDims(true));
    return new Moments(
        orAverage("M" + layer, squeezed(mean, axes)),
        orAverage("V" + layer, squeezed(variance, axes)));
  }

  private Operand<TFloat32> squeezed(Operand<TFloat32> x, int[] axes) {
    return tf.squeeze(x, Squeeze.axis(Arrays.stream(axes).mapToObj(Long::valueOf).toList()));
  }

  private Operand<TFloat32> orAverage(String name, Operand<TFloat32> batchValue) {
    Variable<TFloat32> average = averages.of(name, batchValue);
    Operand<TFloat32> selected = tf.select(tst, average, batchValue);
    net.replaceInInference(selected, average);
    return selected;
  }

  private Operand<TFloat32> inverseDeviation(Moments moments) {
    return tf.math.rsqrt(tf.math.add(moments.variance(), tf.constant(EPSILON)));
  }

  /** Needs two operations on the whole of x rather than four. */
  private Operand<TFloat32> normalized(
      int layer,
      Operand<TFloat32> x,
      Moments moments,
      Operand<TFloat32> inverse,
      Operand<TFloat32> offset) {
    Operand<TFloat32> shift = tf.math.sub(offset, tf.math.mul(moments.mean(), inverse));
    return tf.withName("Y" + layer + "bn").math.add(tf.math.mul(x, inverse), shift);
  }
}
