package mnist.data.sources;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * Decompresses gzip (RFC 1952): any number of members in a row, then possibly zeros as padding.
 *
 * <p>Unlike {@link java.util.zip.GZIPInputStream}, it does not rely on {@code available()}, which a
 * pipe or a remote file does not know, and reports anything else after the last member.
 */
public final class GzipStream extends InflaterInputStream {
  private static final int MAGIC_1 = 0x1f;
  private static final int MAGIC_2 = 0x8b;
  private static final int DEFLATE = 8;
  private static final int HAS_CHECKSUM = 2;
  private static final int HAS_EXTRA = 4;
  private static final int HAS_NAME = 8;
  private static final int HAS_COMMENT = 16;

  private final CRC32 checksum = new CRC32();
  private boolean ended;

  /**
   * Reads the first header.
   *
   * @throws ZipException if it is not one
   */
  public GzipStream(InputStream in) throws IOException {
    super(in, new Inflater(true), 1 << 16);
    readHeader(read1());
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int count = ended ? -1 : super.read(target, offset, length);
    while (count < 0 && !ended) {
      endMember();
      count = ended ? -1 : super.read(target, offset, length);
    }
    checksum.update(target, offset, Math.max(0, count));
    return count;
  }

  @Override
  public void close() throws IOException {
    inf.end();
    super.close();
  }

  private void endMember() throws IOException {
    long size = inf.getBytesWritten() & 0xffffffffL;
    int rest = inf.getRemaining();
    inf.reset();
    inf.setInput(buf, len - rest, rest);
    if (readInteger(4) != checksum.getValue() || readInteger(4) != size) {
      throw new ZipException("wrong checksum");
    }
    checksum.reset();
    int next = nextOrEnd();
    while (next == 0) {
      next = nextOrEnd();
    }
    ended = next < 0;
    if (!ended) {
      readHeader(next);
    }
  }

  private void readHeader(int first) throws IOException {
    if (first != MAGIC_1 || read1() != MAGIC_2) {
      throw new ZipException("it contains other data");
    }
    if (read1() != DEFLATE) {
      throw new ZipException("unknown compression method");
    }
    int flags = read1();
    readInteger(6); // time, level, operating system
    if ((flags & HAS_EXTRA) != 0) {
      for (long left = readInteger(2); left > 0; left--) {
        read1();
      }
    }
    for (int text : new int[] {HAS_NAME, HAS_COMMENT}) {
      while ((flags & text) != 0 && read1() != 0) {}
    }
    if ((flags & HAS_CHECKSUM) != 0) {
      readInteger(2);
    }
  }

  /** Little-endian. */
  private long readInteger(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) read1() << 8 * i;
    }
    return value;
  }

  private int read1() throws IOException {
    int next = nextOrEnd();
    if (next < 0) {
      throw new EOFException();
    }
    return next;
  }

  /** The next byte of the compressed stream, taken from the inflater's input; −1 at the end. */
  private int nextOrEnd() throws IOException {
    if (inf.getRemaining() == 0) {
      len = in.read(buf, 0, buf.length);
      if (len < 0) {
        return -1;
      }
      inf.setInput(buf, 0, len);
    }
    int rest = inf.getRemaining();
    inf.setInput(buf, len - rest + 1, rest - 1);
    return Byte.toUnsignedInt(buf[len - rest]);
  }
}
