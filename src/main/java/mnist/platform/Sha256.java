package mnist.platform;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 checksums in lowercase hexadecimal. */
public final class Sha256 {
  private Sha256() {}

  /** The checksum of an array. */
  public static String of(byte[] content) {
    return of(ByteBuffer.wrap(content));
  }

  /** The checksum of a buffer's remaining bytes. */
  public static String of(ByteBuffer content) {
    MessageDigest digest = newDigest();
    digest.update(content);
    return hex(digest);
  }

  /** A digest to be updated incrementally. */
  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Completes a digest. */
  public static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
