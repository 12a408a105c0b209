package mnist.nn;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Images as another hand might have written them: turned, widened, sheared and shifted, each image
 * otherwise each time it is trained with (Simard, Steinkraus and Platt, 2003).
 *
 * <p>A pixel takes its grey level from another place of the image. How far that is off is a sum of
 * six movements, each times a random number −1..1, so that for all pixels of all images it is one
 * product of matrices.
 */
public final class Distortion {
  private static final int SIDE = 28;
  private static final int PIXELS = SIDE * SIDE;
  private static final double CENTRE = (SIDE - 1) / 2.0;

  private static final int MOVEMENTS = 6;

  /** How far each goes at most: about 15°, 12%, a tenth of the height, 2.5 pixels. */
  private static final double TURN = 0.26;

  private static final double SCALE = 0.12;
  private static final double SHEAR = 0.1;
  private static final double SHIFT = 2.5;

  private Distortion() {}

  /**
   * Distorts.
   *
   * @param images grey levels, [batch, 28, 28, 1]
   * @return the same shape; between four pixels grey levels are interpolated
   */
  public static Operand<TFloat32> of(NetworkBuilder net, Operand<TFloat32> images) {
    Ops tf = net.tf();
    float[] right = new float[MOVEMENTS * PIXELS];
    float[] down = new float[MOVEMENTS * PIXELS];
    float[] columns = new float[PIXELS];
    float[] rows = new float[PIXELS];
    for (int pixel = 0; pixel < PIXELS; pixel++) {
      columns[pixel] = pixel % SIDE;
      rows[pixel] = pixel / SIDE;
      double x = columns[pixel] - CENTRE;
      double y = rows[pixel] - CENTRE;
      double[][] movements = {
        {-y * TURN, x * TURN},
        {x * SCALE, 0},
        {0, y * SCALE},
        {y * SHEAR, x * SHEAR},
        {SHIFT, 0},
        {0, SHIFT}
      };
      for (int i = 0; i < MOVEMENTS; i++) {
        right[i * PIXELS + pixel] = (float) movements[i][0];
        down[i * PIXELS + pixel] = (float) movements[i][1];
      }
    }

    Operand<TFloat32> random = // −1..1, [batch, 6]
        tf.math.sub(tf.math.mul(net.uniform(images, MOVEMENTS), tf.constant(2f)), tf.constant(1f));
    Operand<TFloat32> x = place(tf, random, right, columns); // [batch, 784]
    Operand<TFloat32> y = place(tf, random, down, rows);

    // From the pixel to the left and above, and its three neighbours.
    Operand<TFloat32> left = tf.math.floor(x);
    Operand<TFloat32> above = tf.math.floor(y);
    Operand<TFloat32> toRight = tf.math.sub(x, left); // 0..1
    Operand<TFloat32> toBelow = tf.math.sub(y, above);
    Operand<TInt32> pixel =
        tf.dtypes.cast(
            tf.math.add(tf.math.mul(above, tf.constant((float) SIDE)), left), TInt32.class);
    Operand<TFloat32> flat = tf.reshape(images, tf.constant(new int[] {-1, PIXELS}));
    Operand<TFloat32> upper =
        between(tf, grey(tf, flat, pixel, 0), grey(tf, flat, pixel, 1), toRight);
    Operand<TFloat32> lower =
        between(tf, grey(tf, flat, pixel, SIDE), grey(tf, flat, pixel, SIDE + 1), toRight);
    return tf.reshape(
        between(tf, upper, lower, toBelow), tf.constant(new int[] {-1, SIDE, SIDE, 1}));
  }

  /** Where each pixel looks, in columns or rows, kept within the image. */
  private static Operand<TFloat32> place(
      Ops tf, Operand<TFloat32> random, float[] movements, float[] here) {
    Operand<TFloat32> off =
        tf.linalg.matMul(
            random, tf.constant(Shape.of(MOVEMENTS, PIXELS), DataBuffers.of(movements)));
    return tf.math.minimum(
        tf.math.maximum(tf.math.add(off, tf.constant(here)), tf.constant(0f)),
        tf.constant(SIDE - 1.001f)); // so that there is a next one
  }

  private static Operand<TFloat32> grey(
      Ops tf, Operand<TFloat32> flat, Operand<TInt32> pixel, int further) {
    Operand<TInt32> places = tf.math.add(pixel, tf.constant(further));
    return tf.gather(flat, places, tf.constant(1), Gather.batchDims(1L));
  }

  private static Operand<TFloat32> between(
      Ops tf, Operand<TFloat32> a, Operand<TFloat32> b, Operand<TFloat32> share) {
    return tf.math.add(a, tf.math.mul(tf.math.sub(b, a), share));
  }
}
