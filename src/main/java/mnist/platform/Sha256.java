package mnist.platform;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, by which files and weights are known. */
public final class Sha256 {
  private Sha256() {}

  /** Of some bytes, in hexadecimal digits. */
  public static String of(byte[] content) {
    return of(ByteBuffer.wrap(content));
  }

  /** Of the remaining bytes, in hexadecimal digits. */
  public static String of(ByteBuffer content) {
    MessageDigest sha256 = start();
    sha256.update(content);
    return end(sha256);
  }

  /** To be fed with bytes as they come. */
  public static MessageDigest start() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** What it comes to, in hexadecimal digits. */
  public static String end(MessageDigest sha256) {
    return HexFormat.of().formatHex(sha256.digest());
  }
}
