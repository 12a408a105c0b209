package mnist.network;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Exponential moving averages: each step an average moves a little towards the present value. In
 * the first steps it moves further, so that the 0 that it starts from is soon forgotten:
 *
 * <pre>
 *   d        = min(decay, (1 + iter) / (10 + iter))
 *   average −= (average − value) · (1 − d)
 * </pre>
 *
 * <p>As {@code tf.train.ExponentialMovingAverage(decay, iter)} has it.
 */
public final class MovingAverages {
  private final NetworkBuilder net;
  private final Ops tf;
  private final Operand<TFloat32> share;
  private final List<Op> updates = new ArrayList<>();

  /**
   * @param iter the number of the iteration, scalar
   * @param decay the share of the past that an average keeps, 0..1
   */
  public MovingAverages(NetworkBuilder net, Operand<TInt32> iter, float decay) {
    this.net = net;
    tf = net.tf();
    Operand<TFloat32> i = tf.dtypes.cast(iter, TFloat32.class);
    Operand<TFloat32> growing =
        tf.math.div(tf.math.add(tf.constant(1f), i), tf.math.add(tf.constant(10f), i));
    Operand<TFloat32> d = tf.math.minimum(tf.constant(decay), growing);
    share = tf.math.sub(tf.constant(1f), d);
  }

  /**
   * The moving average of a value.
   *
   * @param name of its variable
   * @param value all sizes known
   * @return the average as it stood before this step, the same shape
   */
  public Variable<TFloat32> of(String name, Operand<TFloat32> value) {
    Variable<TFloat32> average = net.average(name, value.shape());
    Operand<TFloat32> difference = tf.math.sub(average, value);
    updates.add(tf.assignSub(average, tf.math.mul(difference, share)));
    return average;
  }

  /** The node of this name that moves them. */
  Op update(String name) {
    return tf.withControlDependencies(updates).withName(name).noOp();
  }
}
