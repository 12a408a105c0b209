package mnist.view;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.util.Optional;
import mnist.data.LabeledImages;

/**
 * Images in rows, black on white; wrongly recognised ones come first, on red, with the right answer
 * at the lower left and the given one at the lower right.
 */
final class ImageGrid {
  /** Marks of fewer pixels cannot be read, and are left out. */
  private static final double LEAST_MARK = 5;

  private final Rectangle area;
  private final int columns;
  private final int rows;
  private final Optional<LabeledImages> images;
  private final Resampling resampling;

  /**
   * @param area what the wall fills
   * @param images whose numbers {@link #draw} is given; if they cannot be had, cells stay empty
   */
  ImageGrid(Rectangle area, int columns, int rows, Optional<LabeledImages> images) {
    this.area = area;
    this.columns = columns;
    this.rows = rows;
    this.images = images;
    resampling = new Resampling(Math.max(1, Math.min(area.width / columns, area.height / rows)));
  }

  /** How many images there is room for. */
  int cells() {
    return columns * rows;
  }

  /** Where an image is, counted row after row from 0. */
  Rectangle cell(int i) {
    int left = i % columns * area.width / columns;
    int right = (i % columns + 1) * area.width / columns;
    int top = i / columns * area.height / rows;
    int bottom = (i / columns + 1) * area.height / rows;
    return new Rectangle(area.x + left, area.y + top, right - left, bottom - top);
  }

  /**
   * The order in which images are shown: the wrong ones, then the others.
   *
   * @return indices into the arrays
   */
  static int[] wrongFirst(byte[] right, byte[] said) {
    int[] order = new int[right.length];
    int next = 0;
    for (boolean wrong : new boolean[] {true, false}) {
      for (int i = 0; i < right.length; i++) {
        if (wrong == (right[i] != said[i])) {
          order[next++] = i;
        }
      }
    }
    return order;
  }

  /**
   * Draws the wall.
   *
   * @param canvas of the type {@link BufferedImage#TYPE_INT_RGB}
   * @param numbers of the images
   * @param right class of each
   * @param said what the network said of each
   */
  void draw(BufferedImage canvas, Graphics2D g, int[] numbers, byte[] right, byte[] said) {
    int[] order = wrongFirst(right, said);
    int shown = Math.min(order.length, cells());
    for (int i = 0; i < shown; i++) {
      Rectangle cell = cell(i);
      if (right[order[i]] != said[order[i]]) {
        g.setColor(Theme.WRONG);
        g.fillRect(cell.x, cell.y, cell.width, cell.height);
      } else if (images.isEmpty()) {
        g.setColor(Theme.UNSEEN);
        g.fillRect(cell.x + 1, cell.y + 1, cell.width - 2, cell.height - 2);
      }
      if (images.isPresent()) {
        ink(canvas, cell, resampling.of(images.get().pixels(), numbers[order[i]]));
      }
    }
    mark(g, shown, order, right, said);
  }

  /** Puts an image into a cell as ink, above, so that marks that need room have it. */
  private void ink(BufferedImage canvas, Rectangle cell, int[] ink) {
    int[] pixels = ((DataBufferInt) canvas.getRaster().getDataBuffer()).getData();
    int side = resampling.side();
    int start =
        (cell.y + (cell.height - side) / 2) * canvas.getWidth() + cell.x + (cell.width - side) / 2;
    for (int i = 0; i < ink.length; i++) {
      int at = start + i / side * canvas.getWidth() + i % side;
      pixels[at] = inked(pixels[at], 255 - ink[i]);
    }
  }

  /** A colour of which only so much is left, 0..255. */
  private static int inked(int rgb, int left) {
    int red = (rgb >> 16 & 255) * left / 255;
    int green = (rgb >> 8 & 255) * left / 255;
    int blue = (rgb & 255) * left / 255;
    return red << 16 | green << 8 | blue;
  }

  private void mark(Graphics2D g, int shown, int[] order, byte[] right, byte[] said) {
    double height = (double) area.height / rows;
    double size = Math.min(0.42 * height, 6 + 0.2 * height);
    if (size < LEAST_MARK) {
      return;
    }
    g.setFont(Theme.font(Font.PLAIN, size));
    g.setColor(Color.BLACK);
    float gap = (float) (size / 6);
    float width = (float) Theme.widthOf(g, g.getFont(), "0");
    for (int i = 0; i < shown && right[order[i]] != said[order[i]]; i++) {
      Rectangle cell = cell(i);
      float base = cell.y + cell.height - gap;
      g.drawString(String.valueOf(right[order[i]]), cell.x + gap, base);
      g.drawString(String.valueOf(said[order[i]]), cell.x + cell.width - gap - width, base);
    }
  }
}
