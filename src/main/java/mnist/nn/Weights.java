package mnist.nn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import mnist.platform.Sha256;

/**
 * The values of all variables at one moment.
 *
 * @param values of one variable after the other in the stage's order, each row-major
 */
public record Weights(float[] values) {

  /** SHA-256 of the values as little-endian float32, in hexadecimal digits. */
  public String sha256() {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return Sha256.of(bytes);
  }
}
