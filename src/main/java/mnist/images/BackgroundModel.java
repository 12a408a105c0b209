package mnist.images;

import java.util.Arrays;

/**
 * The paper of a picture, also where ink hides it. Light falls unevenly on what is photographed, so
 * paper is no one level but a surface of the second order in x and y: it may slope, and darken
 * towards the corners.
 *
 * <p>The surface is fitted to the frame of outermost pixels, by weighted least squares: ink that
 * runs into the frame strays far from the surface and so counts little in the next round. Pixels
 * further in are left out, as much of them may be ink.
 */
final class BackgroundModel {
  private static final int TERMS = 6; // 1, x, y, x², xy, y²
  private static final int ROUNDS = 8;

  /** Of a larger frame only every second, third … pixel is looked at. */
  private static final int ENOUGH_PIXELS = 4000;

  /** Levels that even the cleanest paper may stray. */
  private static final double LEAST_SPREAD = 2;

  private final GrayImage picture;
  private final int[] frame;
  private final double[] factors = new double[TERMS];
  private final double[] terms = new double[TERMS];

  private BackgroundModel(GrayImage picture) {
    this.picture = picture;
    frame = frame(picture);
    factors[0] = frameLevel(picture);
  }

  /** The levels of the paper under a picture, in its size. */
  static GrayImage under(GrayImage picture) {
    BackgroundModel paper = new BackgroundModel(picture);
    for (int round = 0; round < ROUNDS; round++) {
      paper.fit();
    }
    GrayImage levels = new GrayImage(picture.width(), picture.height());
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        levels.set(x, y, (float) paper.level(x, y));
      }
    }
    return levels;
  }

  /** The middle one of the levels of the outermost pixels. */
  static float frameLevel(GrayImage picture) {
    int[] frame = frame(picture);
    float[] levels = new float[frame.length];
    for (int i = 0; i < frame.length; i++) {
      levels[i] = picture.levels()[frame[i]];
    }
    return median(levels);
  }

  /** Where the outermost pixels are among the levels of a picture. */
  private static int[] frame(GrayImage picture) {
    int count = 2 * (picture.width() + picture.height());
    int step = (count + ENOUGH_PIXELS - 1) / ENOUGH_PIXELS;
    int[] frame = new int[(count + step - 1) / step];
    for (int i = 0; i < frame.length; i++) {
      frame[i] = outermost(i * step, picture.width(), picture.height());
    }
    return frame;
  }

  /** Pixel number i of the top row, the bottom row, the left column and the right column. */
  private static int outermost(int i, int width, int height) {
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

  /** The level of the surface at a pixel; sets {@link #terms} for it. */
  private double level(int x, int y) {
    double across = (2.0 * x + 1) / picture.width() - 1; // -1..1
    double down = (2.0 * y + 1) / picture.height() - 1;
    terms[0] = 1;
    terms[1] = across;
    terms[2] = down;
    terms[3] = across * across;
    terms[4] = across * down;
    terms[5] = down * down;
    double level = 0;
    for (int i = 0; i < TERMS; i++) {
      level += factors[i] * terms[i];
    }
    return level;
  }

  /** How far from the surface a pixel may well be paper. */
  private double spread() {
    float[] deviations = new float[frame.length];
    for (int i = 0; i < frame.length; i++) {
      double level = level(frame[i] % picture.width(), frame[i] / picture.width());
      deviations[i] = (float) Math.abs(picture.levels()[frame[i]] - level);
    }
    return LEAST_SPREAD + 2 * median(deviations);
  }

  private void fit() {
    double spread = spread();
    double[][] equations = new double[TERMS][TERMS + 1];
    for (int place : frame) {
      float found = picture.levels()[place];
      double strays = (found - level(place % picture.width(), place / picture.width())) / spread;
      double weight = 1 / (1 + strays * strays);
      for (int i = 0; i < TERMS; i++) {
        for (int j = 0; j < TERMS; j++) {
          equations[i][j] += weight * terms[i] * terms[j];
        }
        equations[i][TERMS] += weight * terms[i] * found;
      }
    }
    solve(equations);
  }

  /** Gauss and Jordan's elimination. */
  private void solve(double[][] equations) {
    double weight = equations[0][0];
    for (int i = 0; i < TERMS; i++) {
      equations[i][i] += 1e-6 * weight; // where a picture is too narrow to tell terms apart
      double pivot = equations[i][i];
      for (int k = 0; k < TERMS; k++) {
        double share = equations[k][i] / pivot;
        for (int j = i; k != i && j <= TERMS; j++) {
          equations[k][j] -= share * equations[i][j];
        }
      }
    }
    for (int i = 0; i < TERMS; i++) {
      factors[i] = equations[i][TERMS] / equations[i][i];
    }
  }
}
