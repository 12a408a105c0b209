package mnist.images;

import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

  /** An image with less contrast, of 255, is blank. */
  private static final float MIN_CONTRAST = 24;

  /** Strokes with a smaller area relative to the largest stroke are specks. */
  private static final double MIN_RELATIVE_AREA = 0.03;

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
   * @throws DataException if the image is blank
   */
  static byte[] normalize(GrayImage image, String name) throws DataException {
    if (isNormalized(image)) {
      return toBytes(image);
    }
    GrayImage digit = thicken(toCells(removeSpecks(extractInk(image, name))));
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
        || image.contrast() < MIN_CONTRAST) {
      return false;
    }
    Box box = Box.around(image);
    double[] center = centerOfMass(image);
    return Math.abs(box.longerSide() - BOX) <= 1
        && isCentered(center[0], box.left, box.right)
        && isCentered(center[1], box.top, box.bottom);
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

  // ---- Ink and paper

  /** The amount of ink in each pixel: 0 for paper, 1 for full strokes. */
  private static GrayImage extractInk(GrayImage image, String name) throws DataException {
    GrayImage paper = BackgroundModel.estimate(image);
    GrayImage ink = new GrayImage(image.width(), image.height());
    double darker = 0;
    double lighter = 0;
    for (int i = 0; i < ink.pixels().length; i++) {
      float deviation = image.pixels()[i] - paper.pixels()[i];
      darker += deviation < 0 ? deviation * deviation : 0;
      lighter += deviation > 0 ? deviation * deviation : 0;
      ink.pixels()[i] = deviation;
    }
    int side = darker > lighter ? -1 : 1;
    for (int i = 0; i < ink.pixels().length; i++) {
      ink.pixels()[i] = Math.max(0, side * ink.pixels()[i]);
    }

    float[] means = paperAndInkMeans(ink.pixels());
    if (means[1] - means[0] < MIN_CONTRAST) {
      throw new DataException(
          name + " is blank, expected a digit that stands out from its background");
    }
    for (int i = 0; i < ink.pixels().length; i++) {
      float amount = (ink.pixels()[i] - means[0]) / (means[1] - means[0]);
      ink.pixels()[i] = Math.min(1, Math.max(0, amount));
    }
    return ink;
  }

  /** The mean values of paper and ink, separated by Otsu's threshold (1979). */
  private static float[] paperAndInkMeans(float[] values) {
    int[] histogram = new int[256];
    double sum = 0;
    for (float value : values) {
      int bin = Math.min(255, Math.round(value));
      histogram[bin]++;
      sum += bin;
    }
    float[] means = new float[2];
    double best = -1;
    double below = 0;
    double sumBelow = 0;
    for (int t = 0; t < 255; t++) {
      below += histogram[t];
      sumBelow += (double) t * histogram[t];
      double above = values.length - below;
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

  // ---- The digit

  /** A rectangle of pixels; right and bottom are exclusive. */
  private record Box(int left, int top, int right, int bottom) {
    /** The bounding box of the pixels above 0; empty if there are none. */
    static Box around(GrayImage image) {
      int left = image.width();
      int top = image.height();
      int right = 0;
      int bottom = 0;
      for (int y = 0; y < image.height(); y++) {
        for (int x = 0; x < image.width(); x++) {
          if (image.get(x, y) > 0) {
            left = Math.min(left, x);
            right = Math.max(right, x + 1);
            top = Math.min(top, y);
            bottom = y + 1;
          }
        }
      }
      return new Box(left, top, right, bottom);
    }

    int longerSide() {
      return Math.max(right - left, bottom - top);
    }
  }

  /** Crops strokes and scales them to {@link #CELLS} cells along the longer side, 0 or 1 each. */
  private static GrayImage toCells(GrayImage strokes) {
    Box box = Box.around(strokes);
    double size = (double) box.longerSide() / CELLS; // of a cell in pixels
    GrayImage cells =
        new GrayImage(
            (int) Math.ceil((box.right - box.left) / size),
            (int) Math.ceil((box.bottom - box.top) / size));
    for (int y = 0; y < cells.height(); y++) {
      for (int x = 0; x < cells.width(); x++) {
        // Any ink fills the cell; otherwise strokes of one pixel would be lost.
        for (int py = (int) (box.top + y * size);
            py < Math.min(box.bottom, box.top + (y + 1) * size);
            py++) {
          for (int px = (int) (box.left + x * size);
              px < Math.min(box.right, box.left + (x + 1) * size);
              px++) {
            cells.set(x, y, Math.max(cells.get(x, y), strokes.get(px, py)));
          }
        }
      }
    }
    return cells;
  }

  /** 1 where there are strokes, connected components that are not too small; else 0. */
  private static GrayImage removeSpecks(GrayImage ink) {
    int[] component = new int[ink.pixels().length]; // 0 for paper, else the number of the stroke
    int[] queue = new int[component.length];
    List<Integer> sizes = new ArrayList<>(List.of(0));
    for (int i = 0; i < component.length; i++) {
      if (component[i] == 0 && ink.pixels()[i] > 0.5f) {
        sizes.add(floodFill(ink, component, sizes.size(), i, queue));
      }
    }
    double minSize = MIN_RELATIVE_AREA * Collections.max(sizes);
    GrayImage strokes = new GrayImage(ink.width(), ink.height());
    for (int i = 0; i < component.length; i++) {
      strokes.pixels()[i] = component[i] > 0 && sizes.get(component[i]) >= minSize ? 1 : 0;
    }
    return strokes;
  }

  /** Marks the connected component of the pixel {@code start}; returns its size. */
  private static int floodFill(GrayImage ink, int[] component, int number, int start, int[] queue) {
    int count = 1;
    queue[0] = start;
    component[start] = number;
    for (int done = 0; done < count; done++) {
      int x = queue[done] % ink.width();
      int y = queue[done] / ink.width();
      for (int ny = Math.max(0, y - 1); ny <= Math.min(ink.height() - 1, y + 1); ny++) {
        for (int nx = Math.max(0, x - 1); nx <= Math.min(ink.width() - 1, x + 1); nx++) {
          int neighbor = ny * ink.width() + nx;
          if (component[neighbor] == 0 && ink.pixels()[neighbor] > 0.5f) {
            component[neighbor] = number;
            queue[count++] = neighbor;
          }
        }
      }
    }
    return count;
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
