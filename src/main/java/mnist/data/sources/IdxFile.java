package mnist.data.sources;

import static mnist.data.LabeledImages.CLASSES;
import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;

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
import java.util.zip.ZipException;
import mnist.data.DataException;
import mnist.data.LabeledImages;
import mnist.platform.SequentialFile;
import mnist.platform.Sha256;

/**
 * An IDX file of images or of labels, MNIST's format: a magic number, the dimensions, then unsigned
 * bytes; plain or gzipped.
 *
 * @param content the bytes after the header
 * @param sha256 of the whole uncompressed file, in hexadecimal digits
 */
public record IdxFile(byte[] content, String sha256) {
  private static final int MAGIC_IMAGES = 0x00000803; // unsigned bytes in three dimensions
  private static final int MAGIC_LABELS = 0x00000801; // unsigned bytes in one dimension
  private static final int MAX_ITEMS = 1_000_000;
  private static final long UNKNOWN_SIZE = -1; // of a pipe

  /** The maximum compression ratio of deflate; a header that implies more is wrong. */
  private static final int MAX_GZIP_RATIO = 1032;

  // ---- Reading

  /**
   * Reads images, count × 28 × 28 pixels.
   *
   * @throws DataException if the file is anything else
   */
  public static IdxFile readImages(Path file) throws IOException {
    return read(file, MAGIC_IMAGES);
  }

  /**
   * Reads images from a file's content.
   *
   * @param name the file's name, for errors
   * @throws DataException if it is anything else
   */
  public static IdxFile readImages(byte[] file, String name) throws IOException {
    return read(new ByteArrayInputStream(file), file.length, name, MAGIC_IMAGES);
  }

  /**
   * Reads labels, each 0..9.
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
          "%s is a folder, expected an IDX file of %s".formatted(file, kind(magic)));
    }
    try (InputStream in = SequentialFile.open(file)) {
      long size = Files.isRegularFile(file) ? Files.size(file) : UNKNOWN_SIZE;
      return read(in, size, file.toString(), magic);
    }
  }

  private static IdxFile read(InputStream in, long fileSize, String file, int magic)
      throws IOException {
    String kind = kind(magic);
    long expected = magic == MAGIC_IMAGES ? 16 : 8; // the header, which gives the rest
    MessageDigest sha256 = Sha256.newDigest();
    try {
      in.mark(2);
      boolean gzipped = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      DataInputStream data =
          new DataInputStream(new DigestInputStream(gzipped ? new GzipStream(in) : in, sha256));

      int foundMagic = data.readInt();
      if (foundMagic != magic) {
        throw new DataException(
            "%s starts with 0x%08x, expected 0x%08x: an IDX file of %s"
                .formatted(file, foundMagic, magic, kind));
      }
      int count = data.readInt();
      if (count < 0 || count > MAX_ITEMS) {
        throw new DataException(
            "%s declares %d %s, expected 0 to %d".formatted(file, count, kind, MAX_ITEMS));
      }
      int size = 1;
      if (magic == MAGIC_IMAGES) {
        int rows = data.readInt();
        int columns = data.readInt();
        if (rows != SIDE || columns != SIDE) {
          throw new DataException(
              "%s contains images of %d×%d, expected %d×%d"
                  .formatted(file, rows, columns, SIDE, SIDE));
        }
        size = PIXELS;
      }
      expected += (long) count * size;
      boolean isKnown = fileSize > 0; // a special file may claim 0
      if (isKnown && expected > fileSize * (gzipped ? MAX_GZIP_RATIO : 1)) {
        throw new EOFException();
      }
      byte[] items;
      if (isKnown) {
        items = new byte[count * size];
        data.readFully(items);
      } else {
        items = data.readNBytes(count * size); // allocates no more than there is
        if (items.length < count * size) {
          throw new EOFException();
        }
      }
      if (data.read() != -1) {
        throw new DataException(
            "%s has more data after the %d %s that its header declares"
                .formatted(file, count, kind));
      }
      return new IdxFile(items, Sha256.hex(sha256));
    } catch (EOFException e) {
      throw new DataException(
          "%s is truncated: %sexpected %d uncompressed; download it again"
              .formatted(
                  file,
                  fileSize == UNKNOWN_SIZE ? "" : "it has %d bytes, ".formatted(fileSize),
                  expected),
          e);
    } catch (ZipException e) {
      throw new DataException(
          "%s is a corrupt gzip file (%s); download it again".formatted(file, e.getMessage()), e);
    }
  }

  private static String kind(int magic) {
    return magic == MAGIC_IMAGES ? "images" : "labels";
  }

  // ---- Writing

  /** The content of a plain file of images; {@code pixels} as in {@link LabeledImages}. */
  public static byte[] ofImages(byte[] pixels) {
    return ByteBuffer.allocate(16 + pixels.length)
        .putInt(MAGIC_IMAGES)
        .putInt(pixels.length / PIXELS)
        .putInt(SIDE)
        .putInt(SIDE)
        .put(pixels)
        .array();
  }

  /** The content of a plain file of labels, each 0..9. */
  public static byte[] ofLabels(byte[] labels) {
    return ByteBuffer.allocate(8 + labels.length)
        .putInt(MAGIC_LABELS)
        .putInt(labels.length)
        .put(labels)
        .array();
  }
}
