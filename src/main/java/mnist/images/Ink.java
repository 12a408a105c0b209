package mnist.images;

import java.util.Arrays;
import java.util.Optional;

/** Separates ink from paper. */
final class Ink {
  /** With less contrast, of 255, there is no ink. */
  static final float MIN_CONTRAST = 24;

  /** Added to brightness, of 255, before taking logarithms, which exaggerate noise in the dark. */
  private static final float DARK = 16;

  /** Scales logarithms to the range 0..255. */
  private static final double LOG_SCALE = 255 / Math.log((255 + DARK) / DARK);

  private Ink() {}

  /**
   * The ink on paper that is lit evenly or changes gradually: what deviates from a smooth surface
   * through the region's border.
   *
   * @param image values 0..255, dark on light or light on dark
   * @return amounts 0..1, 1 for full strokes, 0 outside of the region; empty if there is no ink
   */
  static Optional<GrayImage> onSmoothPaper(GrayImage image, Region region) {
    GrayImage paper = BackgroundModel.estimate(image, region.border());
    GrayImage ink = new GrayImage(image.width(), image.height());
    double darker = 0;
    double lighter = 0;
    for (int i = 0; i < ink.pixels().length; i++) {
      float deviation = region.contains(i) ? image.pixels()[i] - paper.pixels()[i] : 0;
      darker += deviation < 0 ? deviation * deviation : 0;
      lighter += deviation > 0 ? deviation * deviation : 0;
      ink.pixels()[i] = deviation;
    }
    return amounts(ink, region, darker > lighter);
  }

  /**
   * The ink on paper with shadows or other large areas of different brightness: what vanishes if
   * everything narrower than a window is removed.
   *
   * <p>Logarithms, since a shadow divides the brightness of ink and paper alike.
   *
   * @param radius the window has {@code 2 × radius + 1} pixels
   * @return as for {@link #onSmoothPaper}
   */
  static Optional<GrayImage> onPatchedPaper(GrayImage image, Region region, int radius) {
    GrayImage light =
        GrayImage.of(
            image.width(),
            image.height(),
            (x, y) -> (float) (LOG_SCALE * Math.log((image.get(x, y) + DARK) / DARK)));
    float[] border = new float[region.border().length];
    for (int i = 0; i < border.length; i++) {
      border[i] = light.pixels()[region.border()[i]];
    }
    Arrays.sort(border);
    float dark = border[border.length / 10];
    float bright = border[border.length * 9 / 10];
    double darker = 0;
    double lighter = 0;
    double brighterThanMiddle = 0;
    for (int i = 0; i < light.pixels().length; i++) {
      if (region.contains(i)) {
        darker += square(Math.max(0, dark - light.pixels()[i]));
        lighter += square(Math.max(0, light.pixels()[i] - bright));
        brighterThanMiddle += light.pixels()[i] - (dark + bright) / 2;
      }
    }
    // If there is ink as well as paper at the border, there is more paper in the image.
    boolean isTold = Math.max(darker, lighter) > 4 * Math.min(darker, lighter);
    boolean isDark = isTold ? darker > lighter : brighterThanMiddle > 0;
    // Beyond the region nothing counts: there it is darker than any ink, then lighter.
    GrayImage paper = isDark ? light : light.map(value -> -value);
    paper = region.outside(paper, Float.NEGATIVE_INFINITY).max(radius);
    paper = region.outside(paper, Float.POSITIVE_INFINITY).min(radius);
    GrayImage ink = new GrayImage(image.width(), image.height());
    for (int i = 0; i < ink.pixels().length; i++) {
      if (region.contains(i)) {
        ink.pixels()[i] = light.pixels()[i] - (isDark ? 1 : -1) * paper.pixels()[i];
      }
    }
    return amounts(ink, region, isDark);
  }

  private static double square(double value) {
    return value * value;
  }

  private static Optional<GrayImage> amounts(GrayImage deviations, Region region, boolean isDark) {
    GrayImage ink = deviations.map(value -> Math.max(0, isDark ? -value : value));
    float[] means = paperAndInkMeans(ink.pixels(), region);
    float contrast = means[1] - means[0];
    return contrast < MIN_CONTRAST
        ? Optional.empty()
        : Optional.of(ink.map(value -> Math.min(1, Math.max(0, (value - means[0]) / contrast))));
  }

  /** The mean values of paper and ink, separated by Otsu's threshold (1979). */
  private static float[] paperAndInkMeans(float[] values, Region region) {
    int[] histogram = new int[256];
    double sum = 0;
    double count = 0;
    for (int i = 0; i < values.length; i++) {
      if (region.contains(i)) {
        int bin = Math.min(255, Math.round(values[i]));
        histogram[bin]++;
        sum += bin;
        count++;
      }
    }
    float[] means = new float[2];
    double best = -1;
    double below = 0;
    double sumBelow = 0;
    for (int t = 0; t < 255; t++) {
      below += histogram[t];
      sumBelow += (double) t * histogram[t];
      double above = count - below;
      if (below == 0 || above == 0) {
        continue;
      }
      double paper = sumBelow / below;
      double ink = (sum - sumBelow) / above;
      double between = below * above * (ink - paper) * (ink - paper);
      if (between > best) {
        best = between;
        means[0] = (float) paper;
        means[1] = (float) ink;
      }
    }
    return means;
  }
}
