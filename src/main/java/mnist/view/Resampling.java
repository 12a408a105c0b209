package mnist.view;

import mnist.data.LabeledImages;

/**
 * Resizes images of 28 × 28 pixels with a triangle filter: interpolates between pixels if the new
 * image is larger, averages them if it is smaller.
 */
final class Resampling {
  private static final int OLD = LabeledImages.SIDE;

  private final int side;

  /** [side][28]: the share of each old row (or column) in each new one. */
  private final float[][] weights;

  /**
   * @param side rows and columns of the resized images
   */
  Resampling(int side) {
    this.side = side;
    weights = new float[side][OLD];
    double step = (double) OLD / side;
    for (int i = 0; i < side; i++) {
      double center = (i + 0.5) * step - 0.5;
      float sum = 0;
      for (int k = 0; k < OLD; k++) {
        weights[i][k] = (float) Math.max(0, 1 - Math.abs(k - center) / Math.max(1, step));
        sum += weights[i][k];
      }
      for (int k = 0; k < OLD; k++) {
        weights[i][k] /= sum;
      }
    }
  }

  int side() {
    return side;
  }

  /**
   * Resizes one image.
   *
   * @param pixels of many images, as unsigned bytes
   * @param image its index
   * @return side × side intensities 0..255, row-major
   */
  int[] of(byte[] pixels, int image) {
    float[] narrow = new float[OLD * side];
    for (int i = 0; i < narrow.length; i++) {
      int row = image * LabeledImages.PIXELS + i / side * OLD;
      for (int k = 0; k < OLD; k++) {
        narrow[i] += weights[i % side][k] * (pixels[row + k] & 255);
      }
    }
    int[] resized = new int[side * side];
    for (int i = 0; i < resized.length; i++) {
      float sum = 0;
      for (int k = 0; k < OLD; k++) {
        sum += weights[i / side][k] * narrow[k * side + i % side];
      }
      resized[i] = Math.round(sum);
    }
    return resized;
  }
}
