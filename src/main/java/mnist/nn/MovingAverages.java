package mnist.nn;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Exponential moving averages: each step an average moves a little toward the current value. In the
 * first steps it moves further, so that its initial value of 0 is soon forgotten:
 *
 * <pre>
 *   d        = min(decay, (1 + iter) / (10 + iter))
 *   average −= (average − value) · (1 − d)
 * </pre>
 *
 * <p>Equals Python's {@code tf.train.ExponentialMovingAverage(decay, iter)}.
 */
public final class MovingAverages {
  private final NetworkBuilder net;
  private final Ops tf;
  private final Operand<TFloat32> share;
  private final List<Average> averages = new ArrayList<>();

  private record Average(Variable<TFloat32> average, Operand<TFloat32> value) {}

  /**
   * @param iter the number of the iteration, scalar
   * @param decay the share of its value that an average keeps at each step, 0..1
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
   * @param name the name of its variable
   * @param value its shape fully defined; a variable's value is the one after the step
   * @return the average before this step's update, the same shape
   */
  public Variable<TFloat32> of(String name, Operand<TFloat32> value) {
    Variable<TFloat32> average = net.average(name, value.shape());
    averages.add(new Average(average, value));
    return average;
  }

  /**
   * The node that updates all averages.
   *
   * @param after run before it, where it is part of the same run
   */
  Op update(String name, Op... after) {
    Ops then = tf.withControlDependencies(List.of(after));
    List<Op> updates = new ArrayList<>();
    for (Average each : averages) {
      Operand<TFloat32> difference = then.math.sub(each.average(), each.value());
      updates.add(tf.assignSub(each.average(), tf.math.mul(difference, share)));
    }
    return tf.withControlDependencies(updates).withName(name).noOp();
  }
}
