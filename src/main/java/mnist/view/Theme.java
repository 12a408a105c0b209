package mnist.view;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;

/**
 * Colours and sizes of what is drawn of a run. The colours of curves and bands are Okabe's and
 * Ito's, which colour-blind readers can tell apart.
 *
 * @param scale pixels to one of a picture of 1920 × 1080
 */
record Theme(double scale) {
  static final Color PAPER = Color.WHITE;
  static final Color TEXT = new Color(0x333333);
  static final Color QUIET = new Color(0x767676);
  static final Color GRID = new Color(0xE9E9E9);
  static final Color AXIS = new Color(0xBBBBBB);
  static final Color TRAINING = new Color(0x0072B2);
  static final Color TEST = new Color(0xD55E00);
  static final Color GREEN = new Color(0x009E73);
  static final Color WRONG = new Color(255, 170, 160);
  static final Color UNSEEN = new Color(0xF2F2F2);

  /** Letters shrink less than the picture, so that small pictures can be read. */
  private static final double SHRINKING = 0.65;

  /** The look of a picture of that size. */
  static Theme of(int width, int height) {
    return new Theme(Math.min(width / 1920.0, height / 1080.0));
  }

  /** Pixels of a length beside letters. */
  double letters(double length) {
    return length * (scale < 1 ? Math.pow(scale, SHRINKING) : scale);
  }

  Font plain(double size) {
    return font(Font.PLAIN, letters(size));
  }

  Font bold(double size) {
    return font(Font.BOLD, letters(size));
  }

  static Font font(int style, double pixels) {
    return new Font(Font.SANS_SERIF, style, 1).deriveFont((float) pixels);
  }

  /** The font, made smaller if the text is otherwise wider than that. */
  static Font fitting(Graphics2D g, Font font, String text, double width) {
    double needed = widthOf(g, font, text);
    return needed <= width ? font : font.deriveFont((float) (font.getSize2D() * width / needed));
  }

  static double widthOf(Graphics2D g, Font font, String text) {
    Rectangle2D bounds = font.getStringBounds(text, g.getFontRenderContext());
    return bounds.getWidth();
  }

  /** Makes lines and letters smooth. */
  static Graphics2D smooth(Graphics2D g) {
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    return g;
  }
}
