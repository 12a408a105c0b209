package mnist.spark;

import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.ZipException;
import mnist.data.DataException;
import mnist.data.sources.GzipStream;
import mnist.model.Model;
import mnist.platform.ErrorMessages;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * A range of the images of an IDX file, read by one task.
 *
 * @param file its path for Hadoop
 * @param name its name in the results
 * @param gzipped whether it is gzipped; such a file cannot be split
 * @param first number of the first image, counted from 0
 * @param count number of images
 */
record IdxPart(String file, String name, boolean gzipped, long first, long count)
    implements Serializable {
  private static final long serialVersionUID = 1;
  private static final int MAGIC = 0x00000803;
  private static final int HEADER = 16;

  /** With fewer images, starting a task would take longer than running it. */
  private static final long MIN_IMAGES = 20L * Model.BATCH_SIZE;

  /** With more images, too much work would be lost when a task fails. */
  private static final long MAX_IMAGES = 500L * Model.BATCH_SIZE;

  /**
   * A whole file. Reads its header.
   *
   * @throws DataException if it is not an IDX file of 28 × 28 images, or its length contradicts its
   *     header
   */
  static IdxPart of(FileSystem files, Path file, String name) throws IOException {
    try (FSDataInputStream in = files.open(file)) {
      boolean gzipped = in.read() == 0x1f;
      in.seek(0);
      long count = readHeader(gzipped ? new GzipStream(in) : in, name);
      long length = files.getFileStatus(file).getLen();
      if (!gzipped && length != HEADER + count * PIXELS) {
        throw new DataException(
            "%s has %,d bytes, expected %,d for its %,d images"
                .formatted(name, length, HEADER + count * PIXELS, count));
      }
      return new IdxPart(file.toString(), name, gzipped, 0, count);
    } catch (EOFException e) {
      throw new DataException(name + " is truncated", e);
    } catch (ZipException e) {
      throw new DataException(name + " is a damaged gzip file (" + e.getMessage() + ")", e);
    }
  }

  /**
   * Splits files into one part per task.
   *
   * @param cores the parallelism to aim for
   */
  static List<IdxPart> split(List<IdxPart> files, int cores) {
    long total = files.stream().mapToLong(IdxPart::count).sum();
    long size = Math.max(MIN_IMAGES, Math.min(MAX_IMAGES, total / (4L * cores)));
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
          "%s starts with 0x%08x and contains %,d images of %d×%d, expected 0x%08x: an IDX file of"
                  .formatted(name, magic, count, rows, columns, MAGIC)
              + " images of %d×%d".formatted(SIDE, SIDE));
    }
    return count;
  }

  /** Reads the images one by one. A read error is the last element. */
  Iterator<ImageOrError> images(Configuration hadoop) {
    return new Iterator<>() {
      private InputStream in;
      private long next = first;
      private boolean failed;

      @Override
      public boolean hasNext() {
        return !failed && next < first + count;
      }

      @Override
      public ImageOrError next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        String image = name + "[" + next + "]";
        try {
          if (in == null) {
            in = open(hadoop);
          }
          byte[] pixels = in.readNBytes(PIXELS);
          if (pixels.length < PIXELS) {
            throw new EOFException("unexpected end of file");
          }
          next++;
          if (!hasNext()) {
            in.close();
          }
          return ImageOrError.ofBytes(image, pixels);
        } catch (IOException e) {
          failed = true;
          IOUtils.closeStream(in);
          return ImageOrError.error(
              image, image + " cannot be read: " + ErrorMessages.summarize(e));
        }
      }
    };
  }

  /** Opens the file at the first image. */
  private InputStream open(Configuration hadoop) throws IOException {
    Path path = new Path(file);
    FSDataInputStream content = path.getFileSystem(hadoop).open(path);
    if (gzipped) {
      InputStream unpacked = new BufferedInputStream(new GzipStream(content));
      unpacked.skipNBytes(HEADER);
      return unpacked;
    }
    content.seek(HEADER + first * PIXELS);
    return new BufferedInputStream(content, 1 << 18);
  }
}
