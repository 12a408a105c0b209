package mnist.images;

import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;

import java.util.function.Consumer;
import mnist.data.DataException;

/**
 * Converts an image of a digit to the form of MNIST's: white on black, the digit scaled to fit 20 ×
 * 20 pixels with its aspect ratio preserved, its center of mass in the middle of 28 × 28.
 *
 * <p>This is what MNIST's authors did with their scans. To handle photographs as well, the ink is
 * first separated from the paper, specks are removed, and strokes that are thin relative to the
 * digit are made as thick as MNIST's.
 */
final class MnistNormalizer {
  /** Width and height of the box that the digit is fitted into, in pixels. */
  private static final int BOX = 20;

  /**
   * The target of the center of mass, in pixels from the top left corner. In each of MNIST's 70,000
   * images it is between 13.98 and 15, so its authors centered on pixel 14 rather than on the edge
   * between pixels 13 and 14.
   */
  private static final double CENTER = 14.5;

  /** The digit's longer side in cells, the resolution at which its strokes are thickened. */
  private static final int CELLS = 100;

  /** Strokes thinner than this, in cells, are thickened. */
  private static final double MIN_THICKNESS = 8;

  /** The thickness of MNIST's strokes in cells; about two pixels of the box. */
  private static final double MNIST_THICKNESS = 11;

  private MnistNormalizer() {}

  /**
   * Normalizes an image.
   *
   * @param image values 0..255, dark on light or light on dark
   * @param name of the image, for the error message
   * @return 784 pixel values as unsigned bytes
   * @param onWarning told why the result may be wrong
   * @throws DataException if the image is blank
   */
  static byte[] normalize(GrayImage image, String name, Consumer<String> onWarning)
      throws DataException {
    if (isNormalized(image)) {
      return toBytes(image);
    }
    GrayImage digit = thicken(toCells(DigitFinder.find(image, name, onWarning)));
    double scale = (double) BOX / Math.max(digit.width(), digit.height());
    return center(
        resize(
            digit,
            Math.max(1, (int) Math.round(digit.width() * scale)),
            Math.max(1, (int) Math.round(digit.height() * scale))));
  }

  // ---- Images that are already in MNIST's form

  /** Whether it is light on black, with the size and position of MNIST's digits. */
  private static boolean isNormalized(GrayImage image) {
    if (image.width() != SIDE
        || image.height() != SIDE
        || BackgroundModel.borderMedian(image) > 0
        || image.contrast() < Ink.MIN_CONTRAST) {
      return false;
    }
    Box box = Box.around(image);
    double[] center = centerOfMass(image);
    return Math.abs(box.longerSide() - BOX) <= 1
        && isCentered(center[0], box.left(), box.right())
        && isCentered(center[1], box.top(), box.bottom());
  }

  /** Whether it is centered to within a pixel, or as far as the image's edge allows. */
  private static boolean isCentered(double center, int from, int to) {
    double off = center - CENTER;
    return Math.abs(off) <= 1 || off > 0 && from == 0 || off < 0 && to == SIDE;
  }

  private static byte[] toBytes(GrayImage image) {
    byte[] bytes = new byte[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      bytes[i] = (byte) Math.round(image.pixels()[i]);
    }
    return bytes;
  }

  // ---- The digit

  /** Crops strokes and scales them to {@link #CELLS} cells along the longer side, 0 or 1 each. */
  private static GrayImage toCells(GrayImage strokes) {
    Box box = Box.around(strokes);
    double size = (double) box.longerSide() / CELLS; // of a cell in pixels
    GrayImage cells =
        new GrayImage(
            (int) Math.ceil((box.right() - box.left()) / size),
            (int) Math.ceil((box.bottom() - box.top()) / size));
    for (int y = 0; y < cells.height(); y++) {
      for (int x = 0; x < cells.width(); x++) {
        // Any ink fills the cell; otherwise strokes of one pixel would be lost.
        for (int py = (int) (box.top() + y * size);
            py < Math.min(box.bottom(), box.top() + (y + 1) * size);
            py++) {
          for (int px = (int) (box.left() + x * size);
              px < Math.min(box.right(), box.left() + (x + 1) * size);
              px++) {
            cells.set(x, y, Math.max(cells.get(x, y), strokes.get(px, py)));
          }
        }
      }
    }
    return cells;
  }

  /** Draws the digit with a thicker pen if its strokes are thin. */
  private static GrayImage thicken(GrayImage cells) {
    int area = 0;
    int edge = 0;
    for (int y = 0; y < cells.height(); y++) {
      for (int x = 0; x < cells.width(); x++) {
        if (cells.get(x, y) > 0) {
          area++;
          edge += isEdge(cells, x, y) ? 1 : 0;
        }
      }
    }
    double thickness = 2.0 * area / edge; // a stroke has two edges
    if (thickness >= MIN_THICKNESS) {
      return cells;
    }
    int radius = (int) Math.round((MNIST_THICKNESS - thickness) / 2);
    GrayImage thick = new GrayImage(cells.width() + 2 * radius, cells.height() + 2 * radius);
    for (int y = 0; y < cells.height(); y++) {
      for (int x = 0; x < cells.width(); x++) {
        if (cells.get(x, y) > 0) {
          drawDot(thick, x + radius, y + radius, radius);
        }
      }
    }
    return thick;
  }

  private static boolean isEdge(GrayImage cells, int x, int y) {
    return x == 0
        || y == 0
        || x == cells.width() - 1
        || y == cells.height() - 1
        || cells.get(x - 1, y) == 0
        || cells.get(x + 1, y) == 0
        || cells.get(x, y - 1) == 0
        || cells.get(x, y + 1) == 0;
  }

  private static void drawDot(GrayImage image, int x, int y, int radius) {
    for (int dy = -radius; dy <= radius; dy++) {
      for (int dx = -radius; dx <= radius; dx++) {
        if (dx * dx + dy * dy <= radius * radius) {
          image.set(x + dx, y + dy, 1);
        }
      }
    }
  }

  // ---- Scaling and centering

  /** Scales down by area averaging. */
  private static GrayImage resize(GrayImage image, int width, int height) {
    GrayImage scaled = new GrayImage(width, height);
    double stepX = (double) image.width() / width;
    double stepY = (double) image.height() / height;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        if (image.get(x, y) > 0) {
          addArea(image.get(x, y), x / stepX, (x + 1) / stepX, y / stepY, (y + 1) / stepY, scaled);
        }
      }
    }
    return scaled;
  }

  /** Adds a value to each pixel in proportion to the area of it that a rectangle covers. */
  private static void addArea(
      float value, double left, double right, double top, double bottom, GrayImage target) {
    for (int y = (int) top; y < Math.min(target.height(), bottom); y++) {
      double height = Math.min(bottom, y + 1) - Math.max(top, y);
      for (int x = (int) left; x < Math.min(target.width(), right); x++) {
        double width = Math.min(right, x + 1) - Math.max(left, x);
        target.set(x, y, (float) (target.get(x, y) + value * height * width));
      }
    }
  }

  /** Places the digit on black, centered by its center of mass as far as it fits. */
  private static byte[] center(GrayImage digit) {
    double[] center = centerOfMass(digit);
    int left = clamp(CENTER - center[0], SIDE - digit.width());
    int top = clamp(CENTER - center[1], SIDE - digit.height());
    GrayImage image = new GrayImage(SIDE, SIDE);
    for (int y = 0; y < digit.height(); y++) {
      for (int x = 0; x < digit.width(); x++) {
        image.set(left + x, top + y, Math.min(255, 255 * digit.get(x, y)));
      }
    }
    return toBytes(image);
  }

  private static int clamp(double value, int max) {
    return Math.max(0, Math.min(max, (int) Math.round(value)));
  }

  /** Mean x and y of the ink, measured from the top left corner to the centers of pixels. */
  private static double[] centerOfMass(GrayImage image) {
    double mass = 0;
    double x = 0;
    double y = 0;
    for (int i = 0; i < image.pixels().length; i++) {
      float value = image.pixels()[i];
      mass += value;
      x += value * (i % image.width() + 0.5);
      y += value * (i / image.width() + 0.5);
    }
    return new double[] {x / mass, y / mass};
  }
}
