package mnist.view;

import java.awt.image.BufferedImage;
import mnist.data.LabeledImages;

/**
 * A sheet of the test images that are recognised wrongly: the first ones, with the right class
 * below on the left, in green, and the given one on the right, in red.
 */
final class Misclassified {
  /** Images across and down; where there are fewer, the rest is black. */
  static final int ACROSS = 10;

  /** From one image to the next, across. */
  static final int TILE_WIDTH = LabeledImages.SIDE + 2;

  /** From one image to the next, down: the image, the classes, and a gap to either. */
  static final int TILE_HEIGHT = LabeledImages.SIDE + 14;

  static final int RIGHT = 0x40c040;
  static final int GIVEN = 0xff5050;

  /** A digit's 3 × 5 dots, row after row, the last one in the lowest bit. No font is needed. */
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
   * The sheet, always of the same size.
   *
   * @param predicted what the network said of each image, 0..9
   */
  static BufferedImage sheet(LabeledImages test, int[] predicted) {
    BufferedImage sheet =
        new BufferedImage(ACROSS * TILE_WIDTH, ACROSS * TILE_HEIGHT, BufferedImage.TYPE_INT_RGB);
    int tile = 0;
    for (int image = 0; image < predicted.length && tile < ACROSS * ACROSS; image++) {
      int right = test.labels()[image];
      if (predicted[image] != right) {
        int left = tile % ACROSS * TILE_WIDTH + 1;
        int top = tile / ACROSS * TILE_HEIGHT + 1;
        drawImage(sheet, left, top, test, image);
        int below = top + LabeledImages.SIDE + 1;
        drawDigit(sheet, left + 6, below, right, RIGHT);
        drawDigit(sheet, left + 16, below, predicted[image], GIVEN);
        tile++;
      }
    }
    return sheet;
  }

  private static void drawImage(
      BufferedImage sheet, int left, int top, LabeledImages test, int image) {
    for (int pixel = 0; pixel < LabeledImages.PIXELS; pixel++) {
      int grey = test.pixels()[image * LabeledImages.PIXELS + pixel] & 0xff;
      int x = left + pixel % LabeledImages.SIDE;
      int y = top + pixel / LabeledImages.SIDE;
      sheet.setRGB(x, y, grey * 0x010101);
    }
  }

  private static void drawDigit(BufferedImage sheet, int left, int top, int digit, int colour) {
    for (int dot = 0; dot < 15; dot++) {
      if ((DIGITS[digit] >> (14 - dot) & 1) == 1) {
        for (int i = 0; i < DOT * DOT; i++) {
          int x = left + dot % 3 * DOT + i % DOT;
          int y = top + dot / 3 * DOT + i / DOT;
          sheet.setRGB(x, y, colour);
        }
      }
    }
  }
}
