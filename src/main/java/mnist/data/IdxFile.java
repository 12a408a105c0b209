package mnist.data;

import static mnist.data.LabelledImages.CLASSES;
import static mnist.data.LabelledImages.PIXELS;
import static mnist.data.LabelledImages.SIDE;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * An IDX file of images or of labels, the format that MNIST comes in: a magic number, the sizes,
 * then unsigned bytes. Read whether gzipped or plain, which its first bytes tell.
 *
 * @param content the bytes behind the header
 * @param sha256 of the whole file, unpacked, in hexadecimal digits
 */
public record IdxFile(byte[] content, String sha256) {
  private static final int MAGIC_IMAGES = 0x00000803; // unsigned bytes in three dimensions
  private static final int MAGIC_LABELS = 0x00000801; // unsigned bytes in one dimension
  private static final int MOST_ITEMS = 1_000_000;

  /** Deflate packs at most so many bytes into one; a header that claims more is not believed. */
  private static final int MOST_PER_GZIP_BYTE = 1032;

  /**
   * Reads count × 28 × 28 grey levels.
   *
   * @throws DataException if the file is anything else
   */
  public static IdxFile readImages(Path file) throws IOException {
    return read(file, MAGIC_IMAGES, "images");
  }

  /**
   * Reads count × 28 × 28 grey levels from what a file holds.
   *
   * @param name of the file, for the error
   * @throws DataException if it is anything else
   */
  public static IdxFile readImages(byte[] file, String name) throws IOException {
    return read(new ByteArrayInputStream(file), file.length, name, MAGIC_IMAGES, "images");
  }

  /**
   * Reads count labels, each 0..9.
   *
   * @throws DataException if the file is anything else
   */
  public static IdxFile readLabels(Path file) throws IOException {
    IdxFile labels = read(file, MAGIC_LABELS, "labels");
    for (int i = 0; i < labels.content.length; i++) {
      if (Byte.toUnsignedInt(labels.content[i]) >= CLASSES) {
        throw new DataException(
            "%s: label %d is %d, expected 0 to 9"
                .formatted(file, i, Byte.toUnsignedInt(labels.content[i])));
      }
    }
    return labels;
  }

  private static IdxFile read(Path file, int magic, String what) throws IOException {
    refuseUnreadable(file, what);
    try (InputStream packed = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      return read(packed, Files.size(file), file.toString(), magic, what);
    }
  }

  private static IdxFile read(
      InputStream packed, long packedSize, String file, int magic, String what) throws IOException {
    long expected = magic == MAGIC_IMAGES ? 16 : 8; // the header, until that tells the rest
    MessageDigest sha256 = newSha256();
    try {
      boolean gzipped = isGzip(packed);
      InputStream unpacked = gzipped ? new GZIPInputStream(packed, 1 << 16) : packed;
      DataInputStream in = new DataInputStream(new DigestInputStream(unpacked, sha256));

      int foundMagic = in.readInt();
      if (foundMagic != magic) {
        throw new DataException(
            "%s starts with 0x%08x, expected 0x%08x: an IDX file of %s"
                .formatted(file, foundMagic, magic, what));
      }
      int count = in.readInt();
      if (count < 0 || count > MOST_ITEMS) {
        throw new DataException(
            "%s claims to hold %d %s, expected 0 to %d".formatted(file, count, what, MOST_ITEMS));
      }
      int size = 1;
      if (magic == MAGIC_IMAGES) {
        int rows = in.readInt();
        int columns = in.readInt();
        if (rows != SIDE || columns != SIDE) {
          throw new DataException(
              "%s holds images of %d×%d, expected %d×%d"
                  .formatted(file, rows, columns, SIDE, SIDE));
        }
        size = PIXELS;
      }
      long mostBytes = packedSize * (gzipped ? MOST_PER_GZIP_BYTE : 1);
      expected += (long) count * size;
      if (expected > mostBytes) {
        throw new EOFException();
      }
      byte[] content = new byte[count * size];
      in.readFully(content);
      if (in.read() != -1) {
        throw new DataException(
            "%s goes on behind the %d %s that its header announces; expected it to end there"
                .formatted(file, count, what));
      }
      return new IdxFile(content, HexFormat.of().formatHex(sha256.digest()));
    } catch (EOFException e) {
      throw new DataException(
          "%s is cut short: it has %d bytes, expected %d once unpacked; fetch it again"
              .formatted(file, packedSize, expected),
          e);
    } catch (ZipException e) {
      throw new DataException(
          "%s is a damaged gzip file (%s); fetch it again".formatted(file, e.getMessage()), e);
    }
  }

  private static void refuseUnreadable(Path file, String what) throws IOException {
    if (Files.isDirectory(file)) {
      throw new DataException("%s is a folder, expected an IDX file of %s".formatted(file, what));
    }
    if (!Files.exists(file)) {
      throw new DataException("%s: no such file, expected an IDX file of %s".formatted(file, what));
    }
    if (!Files.isReadable(file)) {
      throw new DataException(
          "%s cannot be read, expected a file that this user may read".formatted(file));
    }
    if (Files.size(file) == 0) {
      throw new DataException("%s is empty, expected an IDX file of %s".formatted(file, what));
    }
  }

  private static boolean isGzip(InputStream in) throws IOException {
    in.mark(2);
    boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return gzip;
  }

  /** Writes images in the plain format; {@code pixels} as in {@link LabelledImages}. */
  public static void writeImages(OutputStream out, byte[] pixels) throws IOException {
    DataOutputStream idx = new DataOutputStream(out);
    idx.writeInt(MAGIC_IMAGES);
    idx.writeInt(pixels.length / PIXELS);
    idx.writeInt(SIDE);
    idx.writeInt(SIDE);
    idx.write(pixels);
    idx.flush();
  }

  /** Writes labels in the plain format. */
  public static void writeLabels(OutputStream out, byte[] labels) throws IOException {
    DataOutputStream idx = new DataOutputStream(out);
    idx.writeInt(MAGIC_LABELS);
    idx.writeInt(labels.length);
    idx.write(labels);
    idx.flush();
  }

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
