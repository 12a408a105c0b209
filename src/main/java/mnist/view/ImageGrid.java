package mnist.view;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Optional;
import java.util.stream.IntStream;
import mnist.data.LabeledImages;

/**
 * A grid of images, black on white. Misclassified ones come first, on red, with the label at the
 * lower left and the prediction at the lower right.
 */
final class ImageGrid {
  /** The smallest legible text, in pixels; smaller text is left out. */
  private static final double MIN_TEXT = 8;

  private final Rectangle area;
  private final int columns;
  private final int rows;
  private final Optional<LabeledImages> images;
  private final Resampling resampling;

  /**
   * @param images without them, cells stay empty
   */
  ImageGrid(Rectangle area, int columns, int rows, Optional<LabeledImages> images) {
    this.area = area;
    this.columns = columns;
    this.rows = rows;
    this.images = images;
    resampling = new Resampling(Math.max(1, Math.min(area.width / columns, area.height / rows)));
  }

  int cells() {
    return columns * rows;
  }

  /** The place of a cell, counted from 0 row by row. */
  Rectangle cell(int i) {
    int left = i % columns * area.width / columns;
    int right = (i % columns + 1) * area.width / columns;
    int top = i / columns * area.height / rows;
    int bottom = (i / columns + 1) * area.height / rows;
    return new Rectangle(area.x + left, area.y + top, right - left, bottom - top);
  }

  /** The positions at which the prediction is not the label. */
  static IntStream wrong(byte[] labels, byte[] predictions) {
    return IntStream.range(0, labels.length).filter(i -> labels[i] != predictions[i]);
  }

  /**
   * Draws the grid.
   *
   * @param canvas of the type {@link BufferedImage#TYPE_INT_RGB}
   * @param indices of the images in their set
   * @param labels of these images
   * @param predictions for these images
   */
  void draw(BufferedImage canvas, Graphics2D g, int[] indices, byte[] labels, byte[] predictions) {
    int[] order =
        IntStream.concat(
                wrong(labels, predictions),
                IntStream.range(0, labels.length).filter(i -> labels[i] == predictions[i]))
            .limit(cells())
            .toArray();
    for (int i = 0; i < order.length; i++) {
      Rectangle cell = cell(i);
      if (labels[order[i]] != predictions[order[i]]) {
        g.setColor(Theme.WRONG);
        g.fillRect(cell.x, cell.y, cell.width, cell.height);
      } else if (images.isEmpty()) {
        g.setColor(Theme.NO_IMAGE);
        g.fillRect(cell.x + 1, cell.y + 1, cell.width - 2, cell.height - 2);
      }
      if (images.isPresent() && indices[order[i]] < images.get().count()) {
        drawInk(canvas, cell, resampling.of(images.get().pixels(), indices[order[i]]));
      }
    }
    drawClasses(g, order, labels, predictions);
  }

  /** Darkens the cell's background by the image. */
  private void drawInk(BufferedImage canvas, Rectangle cell, int[] ink) {
    int[] pixels = Palette.pixels(canvas);
    int side = resampling.side();
    int start =
        (cell.y + (cell.height - side) / 2) * canvas.getWidth() + cell.x + (cell.width - side) / 2;
    for (int i = 0; i < ink.length; i++) {
      int at = start + i / side * canvas.getWidth() + i % side;
      int light = 255 - ink[i];
      int red = (pixels[at] >> 16 & 255) * light / 255;
      int green = (pixels[at] >> 8 & 255) * light / 255;
      int blue = (pixels[at] & 255) * light / 255;
      pixels[at] = red << 16 | green << 8 | blue;
    }
  }

  private void drawClasses(Graphics2D g, int[] order, byte[] labels, byte[] predictions) {
    double height = (double) area.height / rows;
    double size = Math.min(0.42 * height, 6 + 0.2 * height);
    if (size < MIN_TEXT) {
      return;
    }
    Font font = Theme.font(Font.PLAIN, size);
    double gap = size / 6;
    for (int i = 0; i < order.length && labels[order[i]] != predictions[order[i]]; i++) {
      Rectangle cell = cell(i);
      double baseline = cell.y + cell.height - (float) gap;
      String label = String.valueOf(labels[order[i]]);
      String prediction = String.valueOf(predictions[order[i]]);
      Theme.text(g, font, Color.BLACK, label, cell.x + gap, baseline);
      Theme.textRight(g, font, Color.BLACK, prediction, cell.x + cell.width - gap, baseline);
    }
  }
}
