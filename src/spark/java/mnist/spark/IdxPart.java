package mnist.spark;

import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import mnist.data.DataException;
import mnist.data.LabeledImages;
import mnist.model.Model;
import mnist.platform.ErrorMessages;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Some of the images of an IDX file, which a task reads for itself.
 *
 * @param file where it is
 * @param name what it is called
 * @param gzipped then it is read from its start, and one part has all of it
 * @param first number of its first image
 * @param count how many
 */
record IdxPart(String file, String name, boolean gzipped, long first, long count)
    implements Serializable {
  private static final long serialVersionUID = 1;
  private static final int MAGIC = 0x00000803;
  private static final int HEADER = 16;

  /** Fewer would be read faster than a task is started. */
  private static final long LEAST = 20L * Model.BATCH_SIZE;

  /** After more than these a task that is lost would be missed. */
  private static final long MOST = 500L * Model.BATCH_SIZE;

  /** Whether a file begins as an IDX file does, or as a gzipped one. */
  static boolean isIdx(byte[] start) {
    return start.length >= 2
        && (start[0] == 0 && start[1] == 0 || start[0] == 0x1f && start[1] == (byte) 0x8b);
  }

  /**
   * A whole file, whose header is read here.
   *
   * @throws DataException if it is no IDX file of images of 28 × 28, or its length is not what its
   *     header says
   */
  static IdxPart of(FileSystem files, Path file, String name) throws IOException {
    try (FSDataInputStream in = files.open(file)) {
      boolean gzipped = in.read() == 0x1f;
      in.seek(0);
      long count = readHeader(gzipped ? new GZIPInputStream(in) : in, name);
      long length = files.getFileStatus(file).getLen();
      if (!gzipped && length != HEADER + count * PIXELS) {
        throw new DataException(
            "%s has %,d bytes, expected %,d for its %,d images"
                .formatted(name, length, HEADER + count * PIXELS, count));
      }
      return new IdxPart(file.toString(), name, gzipped, 0, count);
    } catch (EOFException e) {
      throw new DataException(name + " is cut short", e);
    } catch (ZipException e) {
      throw new DataException(name + " is a damaged gzip file (" + e.getMessage() + ")", e);
    }
  }

  /**
   * Files in parts that are worth a task each.
   *
   * @param cores that are to have something to do
   */
  static List<IdxPart> split(List<IdxPart> files, int cores) {
    long all = files.stream().mapToLong(IdxPart::count).sum();
    long size = Math.max(LEAST, Math.min(MOST, all / (4L * cores)));
    size -= size % Model.BATCH_SIZE;
    List<IdxPart> parts = new ArrayList<>();
    for (IdxPart file : files) {
      long step = file.gzipped ? file.count : size;
      for (long first = 0; first < file.count; first += step) {
        long count = Math.min(step, file.count - first);
        parts.add(new IdxPart(file.file, file.name, file.gzipped, first, count));
      }
    }
    return parts;
  }

  private static long readHeader(InputStream in, String name) throws IOException {
    DataInputStream header = new DataInputStream(in);
    int magic = header.readInt();
    long count = Integer.toUnsignedLong(header.readInt());
    int rows = header.readInt();
    int columns = header.readInt();
    if (magic != MAGIC || rows != SIDE || columns != SIDE || count == 0) {
      throw new DataException(
          "%s starts with 0x%08x and holds %,d images of %d×%d, expected 0x%08x: an IDX file of"
                  .formatted(name, magic, count, rows, columns, MAGIC)
              + " images of %d×%d".formatted(SIDE, SIDE));
    }
    return count;
  }

  /** Reads its images, one after the other; what goes wrong is said in the last place. */
  Iterator<Found> images(Configuration hadoop) {
    return new Images(hadoop);
  }

  private final class Images implements Iterator<Found> {
    private final Configuration hadoop;
    private InputStream in;
    private long next = first;
    private boolean broken;

    Images(Configuration hadoop) {
      this.hadoop = hadoop;
    }

    @Override
    public boolean hasNext() {
      return !broken && next < first + count;
    }

    @Override
    public Found next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      String place = name + "[" + next + "]";
      try {
        if (in == null) {
          in = open();
        }
        byte[] pixels = in.readNBytes(PIXELS);
        if (pixels.length < PIXELS) {
          throw new EOFException("is cut short");
        }
        next++;
        if (!hasNext()) {
          in.close();
        }
        return isBlank(pixels)
            ? Found.refused(place, place + ": the image is blank")
            : Found.image(place, LabeledImages.normalize(pixels));
      } catch (IOException e) {
        broken = true;
        close();
        return Found.refused(place, place + " cannot be read: " + ErrorMessages.summarize(e));
      }
    }

    private InputStream open() throws IOException {
      Path path = new Path(file);
      FSDataInputStream content = path.getFileSystem(hadoop).open(path);
      if (gzipped) {
        InputStream unpacked = new BufferedInputStream(new GZIPInputStream(content, 1 << 16));
        unpacked.skipNBytes(HEADER);
        return unpacked;
      }
      content.seek(HEADER + first * PIXELS);
      return new BufferedInputStream(content, 1 << 18);
    }

    private void close() {
      try {
        if (in != null) {
          in.close();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static boolean isBlank(byte[] pixels) {
    for (byte pixel : pixels) {
      if (pixel != pixels[0]) {
        return false;
      }
    }
    return true;
  }
}
