package mnist.data;

import java.util.Arrays;

/**
 * Images with the class of each. Pixels stay bytes, a quarter of what floats would take.
 *
 * @param pixels count × 28 × 28 grey levels, 0 (black) to 255 (white) as unsigned bytes, image
 *     after image, row after row
 * @param labels count classes, 0..9
 */
public record LabelledImages(byte[] pixels, byte[] labels) {
  /** Rows and columns of an image. */
  public static final int SIDE = 28;

  /** Pixels of an image. */
  public static final int PIXELS = SIDE * SIDE;

  /** Number of classes. */
  public static final int CLASSES = 10;

  /**
   * @throws IllegalArgumentException if the numbers of images and labels differ
   */
  public LabelledImages {
    if (pixels.length != labels.length * PIXELS) {
      throw new IllegalArgumentException(
          "%d labels need %d pixels, found %d"
              .formatted(labels.length, labels.length * PIXELS, pixels.length));
    }
  }

  /** Number of images. */
  public int count() {
    return labels.length;
  }

  /**
   * The first of them.
   *
   * @param images how many, 0..count
   */
  public LabelledImages first(int images) {
    return new LabelledImages(
        Arrays.copyOf(pixels, images * PIXELS), Arrays.copyOf(labels, images));
  }

  /** A pixel as networks take it: value / 256 as in the tutorial, which is 0..255/256. */
  static float grey(byte pixel) {
    return (pixel & 0xff) / 256f;
  }

  /**
   * Pixels as networks take them: value / 256 each.
   *
   * @param pixels grey levels as unsigned bytes, of one image or several
   */
  public static float[] grey(byte[] pixels) {
    float[] grey = new float[pixels.length];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = grey(pixels[i]);
    }
    return grey;
  }

  /**
   * Some of the images as networks take them.
   *
   * @param first number of the first image, from 0
   * @param images how many
   * @return images × 784 grey levels 0..255/256
   */
  public float[] grey(int first, int images) {
    return grey(Arrays.copyOfRange(pixels, first * PIXELS, (first + images) * PIXELS));
  }

  /**
   * The same of any images.
   *
   * @param images the number of each, from 0
   * @param to room for as many times 784
   */
  void grey(int[] images, float[] to) {
    for (int place = 0; place < images.length; place++) {
      for (int i = 0; i < PIXELS; i++) {
        to[place * PIXELS + i] = grey(pixels[images[place] * PIXELS + i]);
      }
    }
  }
}
