package mnist.data;

import java.util.Arrays;

/**
 * Images with their labels. Pixels are kept as bytes, a quarter of the size of floats.
 *
 * @param pixels count × 28 × 28 unsigned bytes, 0 (black) to 255 (white), image after image, row
 *     after row
 * @param labels count classes, 0..9
 */
public record LabeledImages(byte[] pixels, byte[] labels) {
  /** Rows and columns of an image. */
  public static final int SIDE = 28;

  /** Pixels of an image. */
  public static final int PIXELS = SIDE * SIDE;

  /** Number of classes. */
  public static final int CLASSES = 10;

  /**
   * @throws IllegalArgumentException if the numbers of images and labels differ
   */
  public LabeledImages {
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
   * The first images of this set.
   *
   * @param images how many, 0..count
   */
  public LabeledImages first(int images) {
    return new LabeledImages(Arrays.copyOf(pixels, images * PIXELS), Arrays.copyOf(labels, images));
  }

  /** A network's input for a pixel: value / 256 as in the tutorial, which is 0..255/256. */
  private static float normalize(byte pixel) {
    return (pixel & 0xff) / 256f;
  }

  /**
   * A network's input for pixels: value / 256 each.
   *
   * @param pixels unsigned bytes of one or several images
   */
  public static float[] normalize(byte[] pixels) {
    float[] normalized = new float[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      normalized[i] = normalize(pixels[i]);
    }
    return normalized;
  }

  /**
   * A network's input for consecutive images.
   *
   * @param first index of the first image, from 0
   * @param images how many
   * @return images × 784 values 0..255/256
   */
  public float[] normalize(int first, int images) {
    return normalize(Arrays.copyOfRange(pixels, first * PIXELS, (first + images) * PIXELS));
  }

  /**
   * A network's input for any images.
   *
   * @param images their indices, from 0
   * @param target receives images × 784 values
   */
  void normalize(int[] images, float[] target) {
    for (int i = 0; i < images.length; i++) {
      for (int p = 0; p < PIXELS; p++) {
        target[i * PIXELS + p] = normalize(pixels[images[i] * PIXELS + p]);
      }
    }
  }
}
