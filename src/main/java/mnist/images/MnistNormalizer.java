package mnist.images;

import static mnist.data.LabelledImages.PIXELS;
import static mnist.data.LabelledImages.SIDE;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mnist.data.DataException;

/**
 * Brings a picture of a digit to the form of MNIST's images: white on black, the digit scaled to
 * fit 20 × 20 pixels with its proportions kept, its centre of mass in the middle of 28 × 28.
 *
 * <p>That is what MNIST's authors did. As a photograph is no scan of theirs, before it the ink is
 * told from the paper, specks are passed over, and pens that are thin for the size of the digit are
 * made as thick as MNIST's.
 */
final class MnistNormalizer {
  /** Width and height of the box that the digit fits, in pixels. */
  private static final int BOX = 20;

  /**
   * Where the centre of mass goes, in pixels from the top left corner. In each of MNIST's 70,000
   * images it is between 13.98 and 15, so their authors' middle is pixel 14 rather than the edge
   * between two.
   */
  private static final double MIDDLE = 14.5;

  /** Less contrast than this, of 255 levels, is a blank sheet. */
  private static final float LEAST_CONTRAST = 24;

  /** Strokes whose area is a smaller share of the largest one's are dirt. */
  private static final double SPECK = 0.03;

  /** The digit is looked at in so many cells a side before it is scaled to the box. */
  private static final int CELLS = 100;

  /** The thickness of MNIST's strokes, about two pixels of the box, in cells. */
  private static final double THIN = 8;

  private static final double USUAL = 11;

  private MnistNormalizer() {}

  /**
   * The digit of a picture in MNIST's form.
   *
   * @param picture levels 0..255, dark on light or light on dark
   * @param name of the picture, for the error
   * @return 784 grey levels as unsigned bytes
   * @throws DataException if the picture is blank
   */
  static byte[] of(GrayImage picture, String name) throws DataException {
    if (isMnist(picture)) {
      return bytes(picture);
    }
    GrayImage ink = ink(picture, name);
    GrayImage digit = thickened(cells(ink));
    double scale = (double) BOX / Math.max(digit.width(), digit.height());
    return centred(
        averaged(
            digit,
            Math.max(1, (int) Math.round(digit.width() * scale)),
            Math.max(1, (int) Math.round(digit.height() * scale))));
  }

  // ---- Images that are in MNIST's form already

  /** Light on black, as large as MNIST's digits are and where they are. */
  private static boolean isMnist(GrayImage picture) {
    if (picture.width() != SIDE
        || picture.height() != SIDE
        || BackgroundModel.frameLevel(picture) > 0
        || picture.contrast() < LEAST_CONTRAST) {
      return false;
    }
    Box box = Box.around(picture);
    double[] mass = centreOfMass(picture);
    return Math.abs(box.longerSide() - BOX) <= 1
        && isCentred(mass[0], box.left, box.right)
        && isCentred(mass[1], box.top, box.bottom);
  }

  /** In the middle to within a pixel, or as near as it comes before a part is cut off. */
  private static boolean isCentred(double mass, int from, int to) {
    double off = mass - MIDDLE;
    return Math.abs(off) <= 1 || off > 0 && from == 0 || off < 0 && to == SIDE;
  }

  private static byte[] bytes(GrayImage picture) {
    byte[] bytes = new byte[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      bytes[i] = (byte) Math.round(picture.levels()[i]);
    }
    return bytes;
  }

  // ---- Ink and paper

  /** How much ink each pixel has: 0 for paper, 1 for the pen. */
  private static GrayImage ink(GrayImage picture, String name) throws DataException {
    GrayImage paper = BackgroundModel.under(picture);
    GrayImage ink = new GrayImage(picture.width(), picture.height());
    double darker = 0;
    double lighter = 0;
    for (int i = 0; i < ink.levels().length; i++) {
      float deviation = picture.levels()[i] - paper.levels()[i];
      darker += deviation < 0 ? deviation * deviation : 0;
      lighter += deviation > 0 ? deviation * deviation : 0;
      ink.levels()[i] = deviation;
    }
    int side = darker > lighter ? -1 : 1;
    for (int i = 0; i < ink.levels().length; i++) {
      ink.levels()[i] = Math.max(0, side * ink.levels()[i]);
    }

    float[] means = paperAndPen(ink.levels());
    if (means[1] - means[0] < LEAST_CONTRAST) {
      throw new DataException(name + " is blank, expected a digit that stands out from its ground");
    }
    for (int i = 0; i < ink.levels().length; i++) {
      float share = (ink.levels()[i] - means[0]) / (means[1] - means[0]);
      ink.levels()[i] = Math.min(1, Math.max(0, share));
    }
    return ink;
  }

  /**
   * The mean levels of paper and pen, divided where both are most alike in themselves (Otsu, 1979).
   */
  private static float[] paperAndPen(float[] levels) {
    int[] histogram = new int[256];
    double sum = 0;
    for (float level : levels) {
      int bin = Math.min(255, Math.round(level));
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
      double above = levels.length - below;
      if (below == 0 || above == 0) {
        continue;
      }
      double paper = sumBelow / below;
      double pen = (sum - sumBelow) / above;
      double between = below * above * (pen - paper) * (pen - paper);
      if (between > best) {
        best = between;
        means[0] = (float) paper;
        means[1] = (float) pen;
      }
    }
    return means;
  }

  // ---- The digit alone

  /** A rectangle of pixels; right and bottom are just outside. */
  private record Box(int left, int top, int right, int bottom) {
    /** The smallest that holds all that is not 0; an empty one if all is. */
    static Box around(GrayImage picture) {
      int left = picture.width();
      int top = picture.height();
      int right = 0;
      int bottom = 0;
      for (int y = 0; y < picture.height(); y++) {
        for (int x = 0; x < picture.width(); x++) {
          if (picture.get(x, y) > 0) {
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

  /** The strokes without specks, cropped, in {@link #CELLS} cells along the longer side: 0 or 1. */
  private static GrayImage cells(GrayImage ink) {
    GrayImage strokes = strokes(ink);
    Box box = Box.around(strokes);
    double size = (double) box.longerSide() / CELLS; // pixels of a cell
    GrayImage cells =
        new GrayImage(
            (int) Math.ceil((box.right - box.left) / size),
            (int) Math.ceil((box.bottom - box.top) / size));
    for (int y = 0; y < cells.height(); y++) {
      for (int x = 0; x < cells.width(); x++) {
        // A cell with any ink has ink, or strokes of one pixel would be lost.
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

  /** 1 for the largest connected stroke and for others that are no specks, else 0. */
  private static GrayImage strokes(GrayImage ink) {
    int[] component = new int[ink.levels().length]; // 0 for paper, else the number of the stroke
    int[] found = new int[component.length];
    List<Integer> sizes = new ArrayList<>(List.of(0));
    for (int i = 0; i < component.length; i++) {
      if (component[i] == 0 && ink.levels()[i] > 0.5f) {
        sizes.add(flood(ink, component, sizes.size(), i, found));
      }
    }
    double least = SPECK * Collections.max(sizes);
    GrayImage strokes = new GrayImage(ink.width(), ink.height());
    for (int i = 0; i < component.length; i++) {
      strokes.levels()[i] = component[i] > 0 && sizes.get(component[i]) >= least ? 1 : 0;
    }
    return strokes;
  }

  /** Marks all ink that touches the pixel {@code start}; returns how much that is. */
  private static int flood(GrayImage ink, int[] component, int number, int start, int[] found) {
    int count = 1;
    found[0] = start;
    component[start] = number;
    for (int done = 0; done < count; done++) {
      int x = found[done] % ink.width();
      int y = found[done] / ink.width();
      for (int ny = Math.max(0, y - 1); ny <= Math.min(ink.height() - 1, y + 1); ny++) {
        for (int nx = Math.max(0, x - 1); nx <= Math.min(ink.width() - 1, x + 1); nx++) {
          int neighbour = ny * ink.width() + nx;
          if (component[neighbour] == 0 && ink.levels()[neighbour] > 0.5f) {
            component[neighbour] = number;
            found[count++] = neighbour;
          }
        }
      }
    }
    return count;
  }

  /** The same digit, with a thicker pen if it was thin. */
  private static GrayImage thickened(GrayImage cells) {
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
    if (thickness >= THIN) {
      return cells;
    }
    int more = (int) Math.round((USUAL - thickness) / 2);
    GrayImage thick = new GrayImage(cells.width() + 2 * more, cells.height() + 2 * more);
    for (int y = 0; y < cells.height(); y++) {
      for (int x = 0; x < cells.width(); x++) {
        if (cells.get(x, y) > 0) {
          dot(thick, x + more, y + more, more);
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

  private static void dot(GrayImage picture, int x, int y, int radius) {
    for (int dy = -radius; dy <= radius; dy++) {
      for (int dx = -radius; dx <= radius; dx++) {
        if (dx * dx + dy * dy <= radius * radius) {
          picture.set(x + dx, y + dy, 1);
        }
      }
    }
  }

  // ---- Into the box, and to the middle

  /** Scaled down; each pixel is the mean of what it covers. */
  private static GrayImage averaged(GrayImage picture, int width, int height) {
    GrayImage scaled = new GrayImage(width, height);
    double stepX = (double) picture.width() / width;
    double stepY = (double) picture.height() / height;
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        if (picture.get(x, y) > 0) {
          spread(picture.get(x, y), x / stepX, (x + 1) / stepX, y / stepY, (y + 1) / stepY, scaled);
        }
      }
    }
    return scaled;
  }

  /** Adds a level to the pixels that a rectangle covers, to each by the part that it covers. */
  private static void spread(
      float level, double left, double right, double top, double bottom, GrayImage onto) {
    for (int y = (int) top; y < Math.min(onto.height(), bottom); y++) {
      double high = Math.min(bottom, y + 1) - Math.max(top, y);
      for (int x = (int) left; x < Math.min(onto.width(), right); x++) {
        double wide = Math.min(right, x + 1) - Math.max(left, x);
        onto.set(x, y, (float) (onto.get(x, y) + level * high * wide));
      }
    }
  }

  /**
   * The digit on black, moved so that its centre of mass is in the middle and all of it is seen.
   */
  private static byte[] centred(GrayImage digit) {
    double[] mass = centreOfMass(digit);
    int left = between(0, MIDDLE - mass[0], SIDE - digit.width());
    int top = between(0, MIDDLE - mass[1], SIDE - digit.height());
    GrayImage image = new GrayImage(SIDE, SIDE);
    for (int y = 0; y < digit.height(); y++) {
      for (int x = 0; x < digit.width(); x++) {
        image.set(left + x, top + y, Math.min(255, 255 * digit.get(x, y)));
      }
    }
    return bytes(image);
  }

  private static int between(int least, double wanted, int most) {
    return Math.max(least, Math.min(most, (int) Math.round(wanted)));
  }

  /** Mean x and y of the ink, from the top left corner; a pixel's ink is at its middle. */
  private static double[] centreOfMass(GrayImage picture) {
    double mass = 0;
    double x = 0;
    double y = 0;
    for (int i = 0; i < picture.levels().length; i++) {
      float level = picture.levels()[i];
      mass += level;
      x += level * (i % picture.width() + 0.5);
      y += level * (i / picture.width() + 0.5);
    }
    return new double[] {x / mass, y / mass};
  }
}
