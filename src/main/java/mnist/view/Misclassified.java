package mnist.view;

import java.awt.image.BufferedImage;
import mnist.data.LabeledImages;

/**
 * A sheet with the first misclassified test images; below each its label at the left, in green, and
 * the predicted class at the right, in red.
 */
final class Misclassified {
  /** Images per row and rows; unused places stay black. */
  static final int ACROSS = 10;

  /** The distance from one image to the next in a row, in pixels. */
  static final int TILE_WIDTH = LabeledImages.SIDE + 2;

  /** The distance from one row to the next: the image, the two digits and the gaps. */
  static final int TILE_HEIGHT = LabeledImages.SIDE + 14;

  static final int LABEL_COLOR = 0x40c040;
  static final int PREDICTION_COLOR = 0xff5050;

  /** The digits in 3 × 5 dots, row-major, so that training needs no font. */
  private static final int[] DIGITS = {
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_001_010_010,
    0b111_101_111_101_111,
    0b111_101_111_001_111
  };

  private static final int DOT = 2; // pixels

  private Misclassified() {}

  /**
   * Draws the sheet, which always has the same size.
   *
   * @param predictions the predicted class of each image, 0..9
   */
  static BufferedImage sheet(LabeledImages test, int[] predictions) {
    BufferedImage sheet =
        new BufferedImage(ACROSS * TILE_WIDTH, ACROSS * TILE_HEIGHT, BufferedImage.TYPE_INT_RGB);
    int tile = 0;
    for (int i = 0; i < predictions.length && tile < ACROSS * ACROSS; i++) {
      int label = test.labels()[i];
      if (predictions[i] != label) {
        int left = tile % ACROSS * TILE_WIDTH + 1;
        int top = tile / ACROSS * TILE_HEIGHT + 1;
        for (int pixel = 0; pixel < LabeledImages.PIXELS; pixel++) {
          int intensity = test.pixels()[i * LabeledImages.PIXELS + pixel] & 255;
          int x = left + pixel % LabeledImages.SIDE;
          sheet.setRGB(x, top + pixel / LabeledImages.SIDE, intensity * 0x010101);
        }
        int below = top + LabeledImages.SIDE + 1;
        drawDigit(sheet, left + 6, below, label, LABEL_COLOR);
        drawDigit(sheet, left + 16, below, predictions[i], PREDICTION_COLOR);
        tile++;
      }
    }
    return sheet;
  }

  private static void drawDigit(BufferedImage sheet, int left, int top, int digit, int color) {
    for (int pixel = 0; pixel < 15 * DOT * DOT; pixel++) {
      int x = pixel % (3 * DOT);
      int y = pixel / (3 * DOT);
      int dot = y / DOT * 3 + x / DOT;
      if ((DIGITS[digit] >> (14 - dot) & 1) == 1) {
        sheet.setRGB(left + x, top + y, color);
      }
    }
  }
}
