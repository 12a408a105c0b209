package mnist.nn;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Randomly rotates, scales, shears and shifts images, differently each time they are used (Simard,
 * Steinkraus and Platt, 2003).
 *
 * <p>A pixel takes its value from another position in the image. The offset is a sum of six
 * movements, each times a random number −1..1, which is one matrix product for all pixels of all
 * images.
 */
public final class Distortion {
  private static final int SIDE = 28;
  private static final int PIXELS = SIDE * SIDE;
  private static final double CENTER = (SIDE - 1) / 2.0;

  private static final int MOVEMENTS = 6;

  /** Maximum of each movement: about 15°, 12%, a tenth of the height, 2.5 pixels. */
  private static final double ROTATION = 0.26;

  private static final double SCALE = 0.12;
  private static final double SHEAR = 0.1;
  private static final double SHIFT = 2.5;

  private Distortion() {}

  /**
   * Distorted images, interpolated between four pixels.
   *
   * @param images pixel values, [batch, 28, 28, 1]
   * @return the same shape
   */
  public static Operand<TFloat32> of(NetworkBuilder net, Operand<TFloat32> images) {
    Ops tf = net.tf();
    float[] dx = new float[MOVEMENTS * PIXELS];
    float[] dy = new float[MOVEMENTS * PIXELS];
    float[] columns = new float[PIXELS];
    float[] rows = new float[PIXELS];
    for (int pixel = 0; pixel < PIXELS; pixel++) {
      columns[pixel] = pixel % SIDE;
      rows[pixel] = pixel / SIDE;
      double x = columns[pixel] - CENTER;
      double y = rows[pixel] - CENTER;
      double[][] movements = {
        {-y * ROTATION, x * ROTATION},
        {x * SCALE, 0},
        {0, y * SCALE},
        {y * SHEAR, x * SHEAR},
        {SHIFT, 0},
        {0, SHIFT}
      };
      for (int i = 0; i < MOVEMENTS; i++) {
        dx[i * PIXELS + pixel] = (float) movements[i][0];
        dy[i * PIXELS + pixel] = (float) movements[i][1];
      }
    }

    Operand<TFloat32> random = // −1..1, [batch, 6]
        tf.math.sub(tf.math.mul(net.uniform(images, MOVEMENTS), tf.constant(2f)), tf.constant(1f));
    Operand<TFloat32> x = source(tf, random, dx, columns); // [batch, 784]
    Operand<TFloat32> y = source(tf, random, dy, rows);

    // Interpolate between the pixel to the upper left and its three neighbors.
    Operand<TFloat32> left = tf.math.floor(x);
    Operand<TFloat32> above = tf.math.floor(y);
    Operand<TFloat32> toRight = tf.math.sub(x, left); // 0..1
    Operand<TFloat32> toBelow = tf.math.sub(y, above);
    Operand<TInt32> pixel =
        tf.dtypes.cast(
            tf.math.add(tf.math.mul(above, tf.constant((float) SIDE)), left), TInt32.class);
    Operand<TFloat32> flat = tf.reshape(images, tf.constant(new int[] {-1, PIXELS}));
    Operand<TFloat32> upper =
        lerp(tf, values(tf, flat, pixel, 0), values(tf, flat, pixel, 1), toRight);
    Operand<TFloat32> lower =
        lerp(tf, values(tf, flat, pixel, SIDE), values(tf, flat, pixel, SIDE + 1), toRight);
    return tf.reshape(lerp(tf, upper, lower, toBelow), tf.constant(new int[] {-1, SIDE, SIDE, 1}));
  }

  /** The column or row that each pixel takes its value from, clipped to the image. */
  private static Operand<TFloat32> source(
      Ops tf, Operand<TFloat32> random, float[] movements, float[] position) {
    Operand<TFloat32> offset =
        tf.linalg.matMul(
            random, tf.constant(Shape.of(MOVEMENTS, PIXELS), DataBuffers.of(movements)));
    return tf.math.minimum(
        tf.math.maximum(tf.math.add(offset, tf.constant(position)), tf.constant(0f)),
        tf.constant(SIDE - 1.001f)); // so that there is a next pixel
  }

  private static Operand<TFloat32> values(
      Ops tf, Operand<TFloat32> flat, Operand<TInt32> pixel, int offset) {
    Operand<TInt32> indices = tf.math.add(pixel, tf.constant(offset));
    return tf.gather(flat, indices, tf.constant(1), Gather.batchDims(1L));
  }

  private static Operand<TFloat32> lerp(
      Ops tf, Operand<TFloat32> a, Operand<TFloat32> b, Operand<TFloat32> share) {
    return tf.math.add(a, tf.math.mul(tf.math.sub(b, a), share));
  }
}
