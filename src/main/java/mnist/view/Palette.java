package mnist.view;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferInt;
import java.awt.image.IndexColorModel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The up to 256 most frequent colors of some pictures, for file formats with indexed colors. */
public final class Palette {
  private static final int SIZE = 256;

  /** Colors are binned by the upper bits of their red, green and blue. */
  private static final int BITS = 5;

  private static final int BINS = 1 << 3 * BITS;

  private final int[] colors;
  private final byte[] nearest;

  /**
   * The palette of pictures.
   *
   * @param samples of the type {@link BufferedImage#TYPE_INT_RGB}
   * @param count the maximum number of colors, up to 256
   */
  Palette(List<BufferedImage> samples, int count) {
    colors = mostFrequent(samples, count);
    nearest = nearest(colors, count);
  }

  /**
   * Reduces a picture to 256 colors, which makes its file much smaller at hardly visible cost.
   *
   * @param picture of the type {@link BufferedImage#TYPE_INT_RGB}
   */
  public static BufferedImage indexed(BufferedImage picture) {
    Palette palette = new Palette(List.of(picture), SIZE);
    BufferedImage indexed =
        new BufferedImage(
            picture.getWidth(),
            picture.getHeight(),
            BufferedImage.TYPE_BYTE_INDEXED,
            palette.colorModel(-1));
    byte[] indices = palette.indices(picture);
    byte[] bytes = ((DataBufferByte) indexed.getRaster().getDataBuffer()).getData();
    System.arraycopy(indices, 0, bytes, 0, indices.length);
    return indexed;
  }

  /**
   * The palette as a color model.
   *
   * @param transparent the index of transparency, −1 for none
   */
  IndexColorModel colorModel(int transparent) {
    return new IndexColorModel(8, SIZE, colors, 0, false, transparent, 0);
  }

  /** The index of the nearest color for each pixel. */
  byte[] indices(BufferedImage picture) {
    int[] pixels = pixels(picture);
    byte[] indices = new byte[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      indices[i] = nearest[bin(pixels[i])];
    }
    return indices;
  }

  private static int bin(int rgb) {
    int cut = 8 - BITS;
    return (rgb >> 16 + cut & 31) << 2 * BITS | (rgb >> 8 + cut & 31) << BITS | rgb >> cut & 31;
  }

  /** The most frequent color of each of the fullest bins. */
  private static int[] mostFrequent(List<BufferedImage> samples, int count) {
    int[] all =
        samples.stream()
            .flatMapToInt(sample -> Arrays.stream(pixels(sample)))
            .map(rgb -> rgb & 0xffffff)
            .sorted()
            .toArray();
    int[] pixels = new int[BINS];
    int[] color = new int[BINS];
    int[] ofColor = new int[BINS]; // pixels of this color
    for (int start = 0, end; start < all.length; start = end) {
      end = start;
      while (end < all.length && all[end] == all[start]) {
        end++;
      }
      int bin = bin(all[start]);
      pixels[bin] += end - start;
      if (end - start > ofColor[bin]) {
        ofColor[bin] = end - start;
        color[bin] = all[start];
      }
    }
    int[] colors =
        IntStream.range(0, BINS)
            .filter(bin -> pixels[bin] > 0)
            .boxed()
            .sorted((a, b) -> pixels[b] - pixels[a])
            .limit(count)
            .mapToInt(bin -> color[bin])
            .toArray();
    return Arrays.copyOf(colors, SIZE);
  }

  /** For each bin the index of its own color or else of the one nearest to its center. */
  private static byte[] nearest(int[] colors, int count) {
    byte[] nearest = new byte[BINS];
    int half = 1 << 7 - BITS;
    for (int bin = 0; bin < BINS; bin++) {
      int red = (bin >> 2 * BITS) << 8 - BITS | half;
      int green = (bin >> BITS & 31) << 8 - BITS | half;
      int blue = (bin & 31) << 8 - BITS | half;
      int min = Integer.MAX_VALUE;
      for (int i = 0; i < count; i++) {
        int r = red - (colors[i] >> 16 & 255);
        int g = green - (colors[i] >> 8 & 255);
        int b = blue - (colors[i] & 255);
        int distance = bin(colors[i]) == bin ? -1 : r * r + g * g + b * b;
        if (distance < min) {
          min = distance;
          nearest[bin] = (byte) i;
        }
      }
    }
    return nearest;
  }

  /** The pixels of an image of the type {@link BufferedImage#TYPE_INT_RGB}, not a copy. */
  static int[] pixels(BufferedImage image) {
    return ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
  }
}
