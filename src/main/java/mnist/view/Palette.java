package mnist.view;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferInt;
import java.awt.image.IndexColorModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The most frequent colours of some pictures, 256 at most, for files that number their colours. */
public final class Palette {
  private static final int SIZE = 256;

  /** Colours are told apart by so many of the 8 bits of red, green and blue each. */
  private static final int BITS = 5;

  private final int[] colours;
  private final byte[] nearest;

  private Palette(int[] colours, int count) {
    this.colours = colours;
    nearest = nearest(colours, count);
  }

  /**
   * The palette of pictures.
   *
   * @param samples of the type {@link BufferedImage#TYPE_INT_RGB}
   * @param count how many colours at most, up to 256
   */
  static Palette of(List<BufferedImage> samples, int count) {
    return new Palette(colours(samples, count), count);
  }

  /**
   * The picture in its own 256 most frequent colours: a much smaller file, for hardly a difference
   * to the eye.
   *
   * @param picture of the type {@link BufferedImage#TYPE_INT_RGB}
   */
  public static BufferedImage indexed(BufferedImage picture) {
    Palette palette = of(List.of(picture), SIZE);
    BufferedImage indexed =
        new BufferedImage(
            picture.getWidth(),
            picture.getHeight(),
            BufferedImage.TYPE_BYTE_INDEXED,
            palette.colourModel(-1));
    byte[] bytes = ((DataBufferByte) indexed.getRaster().getDataBuffer()).getData();
    int[] indices = palette.indices(picture);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) indices[i];
    }
    return indexed;
  }

  /** 256 colours, those beyond the count black. */
  int[] colours() {
    return colours.clone();
  }

  /**
   * The same for Java's pictures.
   *
   * @param transparent the number that stands for no colour, −1 for none
   */
  IndexColorModel colourModel(int transparent) {
    return new IndexColorModel(8, SIZE, colours, 0, false, transparent, 0);
  }

  /** The number of the colour that comes nearest to each pixel's. */
  int[] indices(BufferedImage picture) {
    int[] pixels = pixels(picture);
    int[] indices = new int[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      indices[i] = nearest[bucket(pixels[i])] & 255;
    }
    return indices;
  }

  private static int bucket(int rgb) {
    int cut = 8 - BITS;
    return (rgb >> 16 + cut & 31) << 2 * BITS | (rgb >> 8 + cut & 31) << BITS | rgb >> cut & 31;
  }

  /** The most frequent colours, one of each bucket at most. */
  private static int[] colours(List<BufferedImage> samples, int most) {
    int[] all =
        samples.stream()
            .flatMapToInt(sample -> Arrays.stream(pixels(sample)))
            .map(rgb -> rgb & 0xffffff)
            .sorted()
            .toArray();
    int[] count = new int[1 << 3 * BITS];
    int[] colour = new int[count.length];
    int[] often = new int[count.length]; // one and the same colour
    for (int start = 0, end; start < all.length; start = end) {
      end = start;
      while (end < all.length && all[end] == all[start]) {
        end++;
      }
      int bucket = bucket(all[start]);
      count[bucket] += end - start;
      if (end - start > often[bucket]) {
        often[bucket] = end - start;
        colour[bucket] = all[start];
      }
    }
    List<Integer> buckets = new ArrayList<>();
    for (int bucket = 0; bucket < count.length; bucket++) {
      if (count[bucket] > 0) {
        buckets.add(bucket);
      }
    }
    buckets.sort(Comparator.comparing((Integer bucket) -> -count[bucket]));
    int[] colours = new int[SIZE];
    for (int i = 0; i < Math.min(most, buckets.size()); i++) {
      colours[i] = colour[buckets.get(i)];
    }
    return colours;
  }

  /** Which colour of the palette comes nearest to each bucket's middle. */
  private static byte[] nearest(int[] colours, int count) {
    byte[] nearest = new byte[1 << 3 * BITS];
    int half = 1 << 7 - BITS;
    for (int bucket = 0; bucket < nearest.length; bucket++) {
      int red = (bucket >> 2 * BITS) << 8 - BITS | half;
      int green = (bucket >> BITS & 31) << 8 - BITS | half;
      int blue = (bucket & 31) << 8 - BITS | half;
      int least = Integer.MAX_VALUE;
      for (int i = 0; i < count; i++) {
        int r = red - (colours[i] >> 16 & 255);
        int g = green - (colours[i] >> 8 & 255);
        int b = blue - (colours[i] & 255);
        int distance = r * r + g * g + b * b;
        if (bucket(colours[i]) == bucket) {
          distance = -1;
        }
        if (distance < least) {
          least = distance;
          nearest[bucket] = (byte) i;
        }
      }
    }
    return nearest;
  }

  private static int[] pixels(BufferedImage image) {
    return ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
  }
}
