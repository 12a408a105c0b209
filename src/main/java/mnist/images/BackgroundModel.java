package mnist.images;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Estimates the paper of an image, including where ink covers it. Since photographs are lit
 * unevenly, the paper is modeled as a quadratic surface in x and y: it may slope, and darken
 * towards the corners.
 *
 * <p>The surface is fitted to the border pixels by iteratively reweighted least squares: ink that
 * runs into the border deviates far from the surface and so has little weight in the next
 * iteration. Inner pixels are ignored, as many of them may be ink.
 */
final class BackgroundModel {
  private static final int TERMS = 6; // 1, x, y, x², xy, y²
  private static final int ITERATIONS = 8;

  /** Larger borders are subsampled. */
  private static final int MAX_BORDER_PIXELS = 4000;

  /** Deviation that is expected even of clean paper. */
  private static final double MIN_DEVIATION = 2;

  private final GrayImage image;
  private final int[] border;
  private final double[] coefficients = new double[TERMS];
  private final double[] terms = new double[TERMS];

  private BackgroundModel(GrayImage image, int[] border) {
    this.image = image;
    this.border = border;
    coefficients[0] = medianOf(image, border);
  }

  /**
   * The paper's pixel values, in the size of the image.
   *
   * @param border indices of pixels around the digit; if there are many, some of them are used
   */
  static GrayImage estimate(GrayImage image, int[] border) {
    int step = (border.length + MAX_BORDER_PIXELS - 1) / MAX_BORDER_PIXELS;
    BackgroundModel model =
        new BackgroundModel(
            image, IntStream.range(0, border.length / step).map(i -> border[i * step]).toArray());
    for (int i = 0; i < ITERATIONS; i++) {
      model.fit();
    }
    return GrayImage.of(image.width(), image.height(), (x, y) -> (float) model.valueAt(x, y));
  }

  /** The median of the border pixels. */
  static float borderMedian(GrayImage image) {
    return medianOf(image, borderIndices(image));
  }

  private static float medianOf(GrayImage image, int[] border) {
    float[] values = new float[border.length];
    for (int i = 0; i < border.length; i++) {
      values[i] = image.pixels()[border[i]];
    }
    return median(values);
  }

  /** The indices of the border pixels; of an image with a long border, only some. */
  static int[] borderIndices(GrayImage image) {
    int count = 2 * (image.width() + image.height());
    int step = (count + MAX_BORDER_PIXELS - 1) / MAX_BORDER_PIXELS;
    int[] indices = new int[(count + step - 1) / step];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = borderIndex(i * step, image.width(), image.height());
    }
    return indices;
  }

  /** The index of border pixel i, in the order top row, bottom row, left column, right column. */
  private static int borderIndex(int i, int width, int height) {
    int bottom = (height - 1) * width;
    if (i < 2 * width) {
      return i < width ? i : bottom + i - width;
    }
    int y = i - 2 * width;
    return y < height ? y * width : (y - height) * width + width - 1;
  }

  private static float median(float[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /** The surface's value at a pixel; sets {@link #terms} for this pixel. */
  private double valueAt(int x, int y) {
    double u = (2.0 * x + 1) / image.width() - 1; // -1..1
    double v = (2.0 * y + 1) / image.height() - 1;
    terms[0] = 1;
    terms[1] = u;
    terms[2] = v;
    terms[3] = u * u;
    terms[4] = u * v;
    terms[5] = v * v;
    double value = 0;
    for (int i = 0; i < TERMS; i++) {
      value += coefficients[i] * terms[i];
    }
    return value;
  }

  private double valueAt(int index) {
    return valueAt(index % image.width(), index / image.width());
  }

  private void fit() {
    float[] deviations = new float[border.length];
    for (int i = 0; i < border.length; i++) {
      deviations[i] = (float) Math.abs(image.pixels()[border[i]] - valueAt(border[i]));
    }
    double scale = MIN_DEVIATION + 2 * median(deviations);
    double[][] equations = new double[TERMS][TERMS + 1];
    for (int index : border) {
      float value = image.pixels()[index];
      double deviation = (value - valueAt(index)) / scale;
      double weight = 1 / (1 + deviation * deviation);
      for (int i = 0; i < TERMS; i++) {
        for (int j = 0; j < TERMS; j++) {
          equations[i][j] += weight * terms[i] * terms[j];
        }
        equations[i][TERMS] += weight * terms[i] * value;
      }
    }
    solve(equations);
  }

  /** Gauss-Jordan elimination. */
  private void solve(double[][] equations) {
    double weight = equations[0][0];
    for (int i = 0; i < TERMS; i++) {
      equations[i][i] += 1e-6 * weight; // for images too narrow to tell the terms apart
      double pivot = equations[i][i];
      for (int k = 0; k < TERMS; k++) {
        double factor = equations[k][i] / pivot;
        for (int j = i; k != i && j <= TERMS; j++) {
          equations[k][j] -= factor * equations[i][j];
        }
      }
    }
    for (int i = 0; i < TERMS; i++) {
      coefficients[i] = equations[i][TERMS] / equations[i][i];
    }
  }
}
