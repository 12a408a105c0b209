package mnist.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;

/**
 * Colors, fonts and sizes of a run's pictures. Curves and bands have the colors of Okabe and Ito,
 * which colorblind readers can tell apart.
 *
 * @param scale pixels per pixel of a picture of 1920 × 1080
 */
record Theme(double scale) {
  static final Color PAPER = Color.WHITE;
  static final Color TEXT = new Color(0x333333);
  static final Color MUTED = new Color(0x767676);
  static final Color GRID = new Color(0xE9E9E9);
  static final Color AXIS = new Color(0xBBBBBB);
  static final Color TRAINING = new Color(0x0072B2);
  static final Color TEST = new Color(0xD55E00);
  static final Color GREEN = new Color(0x009E73);
  static final Color WRONG = new Color(255, 170, 160);
  static final Color NO_IMAGE = new Color(0xF2F2F2);

  /** Text shrinks less than the picture, so that small pictures stay legible. */
  private static final double TEXT_EXPONENT = 0.65;

  static Theme of(int width, int height) {
    return new Theme(Math.min(width / 1920.0, height / 1080.0));
  }

  /** Scales the size of text, or a length that goes with it, in pixels of 1920 × 1080. */
  double scaled(double length) {
    return length * (scale < 1 ? Math.pow(scale, TEXT_EXPONENT) : scale);
  }

  Font plain(double size) {
    return font(Font.PLAIN, scaled(size));
  }

  Font bold(double size) {
    return font(Font.BOLD, scaled(size));
  }

  static Font font(int style, double pixels) {
    return new Font(Font.SANS_SERIF, style, 1).deriveFont((float) pixels);
  }

  /** The font times {@code width / needed} if the text needs more than that width. */
  static Font shrunk(Font font, double needed, double width) {
    return needed <= width ? font : font.deriveFont((float) (font.getSize2D() * width / needed));
  }

  static double width(Graphics2D g, Font font, String text) {
    return font.getStringBounds(text, g.getFontRenderContext()).getWidth();
  }

  /** Draws text from {@code x} on. */
  static void text(Graphics2D g, Font font, Color color, String text, double x, double baseline) {
    g.setFont(font);
    g.setColor(color);
    g.drawString(text, (float) x, (float) baseline);
  }

  /** Draws text that ends at {@code right}. */
  static void textRight(
      Graphics2D g, Font font, Color color, String text, double right, double baseline) {
    text(g, font, color, text, right - width(g, font, text), baseline);
  }

  BasicStroke stroke(double width) {
    return new BasicStroke((float) scaled(width), BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND);
  }

  BasicStroke dashed() {
    float width = (float) scaled(1);
    float[] dash = {5 * width, 4 * width};
    return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 1, dash, 0);
  }

  /** The width of axes and grid lines. */
  BasicStroke hairline() {
    return new BasicStroke((float) Math.max(1, scale));
  }

  static Graphics2D antialiased(Graphics2D g) {
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    return g;
  }
}
