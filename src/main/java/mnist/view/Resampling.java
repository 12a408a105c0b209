package mnist.view;

import mnist.data.LabeledImages;

/**
 * Images of 28 × 28 pixels in another size: between pixels where that is larger, averaged where it
 * is smaller.
 */
final class Resampling {
  private final int side;

  /** The first pixel that counts for each new one, and what it and those after it count. */
  private final int[] first;

  private final float[][] weights;

  /**
   * @param side rows and columns of the new images
   */
  Resampling(int side) {
    this.side = side;
    first = new int[side];
    weights = new float[side][];
    double pixels = (double) LabeledImages.SIDE / side; // old ones to a new one
    double reach = Math.max(1, pixels);
    for (int i = 0; i < side; i++) {
      double centre = (i + 0.5) * pixels - 0.5;
      first[i] = (int) Math.max(0, Math.floor(centre - reach) + 1);
      int last = (int) Math.min(LabeledImages.SIDE - 1, Math.ceil(centre + reach) - 1);
      weights[i] = new float[last - first[i] + 1];
      float sum = 0;
      for (int k = 0; k < weights[i].length; k++) {
        weights[i][k] = (float) (1 - Math.abs(first[i] + k - centre) / reach);
        sum += weights[i][k];
      }
      for (int k = 0; k < weights[i].length; k++) {
        weights[i][k] /= sum;
      }
    }
  }

  int side() {
    return side;
  }

  /**
   * One image in the new size.
   *
   * @param pixels unsigned bytes, image after image
   * @param image its number
   * @return side × side grey levels 0..255, row after row
   */
  int[] of(byte[] pixels, int image) {
    int old = LabeledImages.SIDE;
    float[] narrow = new float[old * side];
    for (int row = 0; row < old; row++) {
      int start = image * LabeledImages.PIXELS + row * old;
      for (int i = 0; i < side; i++) {
        float grey = 0;
        for (int k = 0; k < weights[i].length; k++) {
          grey += weights[i][k] * (pixels[start + first[i] + k] & 255);
        }
        narrow[row * side + i] = grey;
      }
    }
    int[] scaled = new int[side * side];
    for (int row = 0; row < side; row++) {
      for (int i = 0; i < side; i++) {
        float grey = 0;
        for (int k = 0; k < weights[row].length; k++) {
          grey += weights[row][k] * narrow[(first[row] + k) * side + i];
        }
        scaled[row * side + i] = Math.round(grey);
      }
    }
    return scaled;
  }
}
