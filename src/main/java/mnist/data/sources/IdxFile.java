package mnist.data.sources;

import static mnist.data.LabelledImages.CLASSES;
import static mnist.data.LabelledImages.PIXELS;
import static mnist.data.LabelledImages.SIDE;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import mnist.data.DataException;
import mnist.data.LabelledImages;
import mnist.platform.Sha256;

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

  // ---- Reading

  /**
   * Reads count × 28 × 28 grey levels.
   *
   * @throws DataException if the file is anything else
   */
  public static IdxFile readImages(Path file) throws IOException {
    return read(file, MAGIC_IMAGES);
  }

  /**
   * Reads count × 28 × 28 grey levels from what a file holds.
   *
   * @param name of the file, for the error
   * @throws DataException if it is anything else
   */
  public static IdxFile readImages(byte[] file, String name) throws IOException {
    return read(new ByteArrayInputStream(file), file.length, name, MAGIC_IMAGES);
  }

  /**
   * Reads count labels, each 0..9.
   *
   * @throws DataException if the file is anything else
   */
  public static IdxFile readLabels(Path file) throws IOException {
    IdxFile labels = read(file, MAGIC_LABELS);
    for (int i = 0; i < labels.content.length; i++) {
      int label = Byte.toUnsignedInt(labels.content[i]);
      if (label >= CLASSES) {
        throw new DataException("%s: label %d is %d, expected 0 to 9".formatted(file, i, label));
      }
    }
    return labels;
  }

  private static IdxFile read(Path file, int magic) throws IOException {
    if (Files.isDirectory(file)) {
      throw new DataException(
          "%s is a folder, expected an IDX file of %s".formatted(file, items(magic)));
    }
    try (InputStream packed = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      return read(packed, Files.size(file), file.toString(), magic);
    }
  }

  private static IdxFile read(InputStream packed, long packedSize, String file, int magic)
      throws IOException {
    String items = items(magic);
    long expected = magic == MAGIC_IMAGES ? 16 : 8; // the header, until that tells the rest
    MessageDigest sha256 = Sha256.newDigest();
    try {
      boolean gzipped = isGzip(packed);
      InputStream unpacked = gzipped ? new Gzip(packed) : packed;
      DataInputStream in = new DataInputStream(new DigestInputStream(unpacked, sha256));

      int foundMagic = in.readInt();
      if (foundMagic != magic) {
        throw new DataException(
            "%s starts with 0x%08x, expected 0x%08x: an IDX file of %s"
                .formatted(file, foundMagic, magic, items));
      }
      int count = in.readInt();
      if (count < 0 || count > MOST_ITEMS) {
        throw new DataException(
            "%s claims to hold %d %s, expected 0 to %d".formatted(file, count, items, MOST_ITEMS));
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
      expected += (long) count * size;
      if (expected > packedSize * (gzipped ? MOST_PER_GZIP_BYTE : 1)) {
        throw new EOFException();
      }
      byte[] content = new byte[count * size];
      in.readFully(content);
      if (in.read() != -1 || unpacked instanceof Gzip gzip && gzip.goesOn()) {
        throw new DataException(
            "%s goes on behind the %d %s that its header announces; expected it to end there"
                .formatted(file, count, items));
      }
      return new IdxFile(content, Sha256.hex(sha256));
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

  private static String items(int magic) {
    return magic == MAGIC_IMAGES ? "images" : "labels";
  }

  private static boolean isGzip(InputStream in) throws IOException {
    in.mark(2);
    boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return gzip;
  }

  /** Notices what {@code GZIPInputStream} ignores: bytes behind the end of the gzip stream. */
  private static final class Gzip extends GZIPInputStream {
    private static final int TRAILER = 8;

    private final long behindHeader;

    Gzip(InputStream in) throws IOException {
      super(in, 1 << 16);
      behindHeader = in.available(); // of files and arrays that is all that is left
    }

    /** Whether there is more than one gzip stream; asked when all has been read. */
    boolean goesOn() {
      return inf.getBytesRead() + TRAILER != behindHeader;
    }
  }

  // ---- Writing

  /** The plain file of images; {@code pixels} as in {@link LabelledImages}. */
  public static byte[] ofImages(byte[] pixels) {
    return ByteBuffer.allocate(16 + pixels.length)
        .putInt(MAGIC_IMAGES)
        .putInt(pixels.length / PIXELS)
        .putInt(SIDE)
        .putInt(SIDE)
        .put(pixels)
        .array();
  }

  /** The plain file of labels, each 0..9. */
  public static byte[] ofLabels(byte[] labels) {
    return ByteBuffer.allocate(8 + labels.length)
        .putInt(MAGIC_LABELS)
        .putInt(labels.length)
        .put(labels)
        .array();
  }
}
