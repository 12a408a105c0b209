package mnist.data;

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
   * The grey levels of some images as networks take them: value / 256, which is 0..255/256.
   *
   * @param first number of the first image, from 0
   * @param images how many
   * @return images × 784 values
   */
  public float[] grey(int first, int images) {
    float[] grey = new float[images * PIXELS];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = Byte.toUnsignedInt(pixels[first * PIXELS + i]) / 256f;
    }
    return grey;
  }
}
