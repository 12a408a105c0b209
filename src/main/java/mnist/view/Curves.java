package mnist.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.Shape;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.text.NumberFormat;
import java.util.Locale;
import org.jfree.chart.axis.AxisSpace;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.DeviationRenderer;
import org.jfree.chart.renderer.xy.XYItemRenderer;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.XYDataset;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/**
 * Curves over the iterations, with axes and grid. Every curve is drawn once, to its end, and then
 * shown as far as it has come, which makes a frame of a movie cheap.
 */
final class Curves {
  private static final float BAND_ALPHA = 0.22f;

  /** What curves look like on the plot area and a little around it, transparent elsewhere. */
  record Layer(BufferedImage image) {}

  private final Theme look;
  private final Rectangle area;

  /** So that a line on the edge of the plot is as wide as elsewhere. */
  private final Rectangle around;

  private final NumberAxis across = new NumberAxis();
  private final NumberAxis up = new NumberAxis();
  private final XYPlot plot;
  private int layers;

  /**
   * @param area of the plot, without the axes' numbers
   * @param iterations where the horizontal axis ends
   * @param least where the vertical axis begins
   * @param most where it ends
   * @param percent whether its numbers are written as percentages
   */
  Curves(
      Theme look, Rectangle area, double iterations, double least, double most, boolean percent) {
    this.look = look;
    this.area = area;
    around = new Rectangle(area);
    around.grow((int) look.letters(3), (int) look.letters(3));
    across.setRange(0, Math.max(1, iterations));
    across.setTickUnit(ticks(Math.max(5, iterations), 5, false));
    up.setRange(least, most);
    up.setTickUnit(ticks(most - least, 5, percent));
    for (NumberAxis axis : new NumberAxis[] {across, up}) {
      axis.setTickLabelFont(look.plain(15));
      axis.setTickLabelPaint(Theme.QUIET);
      axis.setTickMarksVisible(false);
      axis.setAxisLineVisible(false);
    }
    across.setTickLabelInsets(new RectangleInsets(look.letters(8), 0, 0, 0));
    up.setTickLabelInsets(new RectangleInsets(0, look.letters(8), 0, look.letters(8)));
    plot = new XYPlot(null, across, up, new XYLineAndShapeRenderer());
    plot.setInsets(RectangleInsets.ZERO_INSETS);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    plot.setBackgroundPaint(null);
    plot.setOutlineVisible(false);
    plot.setDomainGridlinePaint(Theme.GRID);
    plot.setRangeGridlinePaint(Theme.GRID);
    plot.setDomainGridlineStroke(new BasicStroke(hairline()));
    plot.setRangeGridlineStroke(new BasicStroke(hairline()));
  }

  /** Leaves out the horizontal axis and the grid, for what is no curve. */
  Curves onlyUp() {
    across.setVisible(false);
    plot.setDomainGridlinesVisible(false);
    plot.setRangeGridlinesVisible(false);
    return this;
  }

  private float hairline() {
    return (float) Math.max(1, look.scale());
  }

  /** About so many ticks at 1, 2 or 5 times a power of ten. */
  private static NumberTickUnit ticks(double length, int about, boolean percent) {
    double power = Math.pow(10, Math.floor(Math.log10(length / about)));
    double times = length / about / power;
    double step = power * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
    int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    String form =
        percent
            ? "%." + Math.max(0, decimals - 2) + "f%%"
            : decimals > 5 || step >= 1e6 ? "%.0e" : "%." + decimals + "f";
    return new NumberTickUnit(step, NumberFormat.getInstance(Locale.ROOT)) {
      private static final long serialVersionUID = 1;

      @Override
      public String valueToString(double value) {
        double whole = Math.rint(value / step) * step + 0.0; // no −0
        return String.format(Locale.ROOT, form, percent ? 100 * whole : whole).replace('-', '−');
      }
    };
  }

  Rectangle area() {
    return area;
  }

  /** Where an iteration is, in pixels from the left edge of the picture. */
  double x(double iteration) {
    return across.valueToJava2D(iteration, area, RectangleEdge.BOTTOM);
  }

  /** Where a value is, in pixels from the upper edge of the picture. */
  double y(double value) {
    return up.valueToJava2D(value, area, RectangleEdge.LEFT);
  }

  /** Draws the axes' numbers, the grid and the base line. */
  void drawFrame(Graphics2D g) {
    double left = look.letters(70);
    double below = look.letters(40);
    plot.setFixedRangeAxisSpace(space(left, 0));
    plot.setFixedDomainAxisSpace(space(0, below));
    plot.draw(
        g,
        new Rectangle2D.Double(area.x - left, area.y, area.width + left, area.height + below),
        null,
        null,
        null);
    if (across.isVisible()) {
      g.setPaint(Theme.AXIS);
      g.setStroke(new BasicStroke(hairline()));
      g.draw(new Rectangle2D.Double(area.x, area.y + area.height, area.width, 0));
    }
  }

  private static AxisSpace space(double left, double bottom) {
    AxisSpace space = new AxisSpace();
    space.setLeft(left);
    space.setBottom(bottom);
    return space;
  }

  /** A curve. */
  Layer line(XYSeries series, Color colour, BasicStroke stroke) {
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
    renderer.setDrawSeriesLineAsPath(true);
    renderer.setDefaultPaint(colour);
    renderer.setAutoPopulateSeriesPaint(false);
    renderer.setDefaultStroke(stroke);
    renderer.setAutoPopulateSeriesStroke(false);
    return layer(new XYSeriesCollection(series), renderer);
  }

  /** Nested bands, the outermost first: where they lie over each other they are darker. */
  Layer bands(Iterable<YIntervalSeries> outermostFirst, Color colour) {
    DeviationRenderer renderer = new DeviationRenderer(false, false);
    renderer.setAlpha(BAND_ALPHA);
    renderer.setDefaultFillPaint(colour);
    renderer.setAutoPopulateSeriesFillPaint(false);
    YIntervalSeriesCollection all = new YIntervalSeriesCollection();
    outermostFirst.forEach(all::addSeries);
    return layer(all, renderer);
  }

  private Layer layer(XYDataset dataset, XYItemRenderer renderer) {
    BufferedImage image =
        new BufferedImage(around.width, around.height, BufferedImage.TYPE_INT_ARGB_PRE);
    Graphics2D g = Theme.smooth(image.createGraphics());
    g.translate(-around.x, -around.y);
    int index = ++layers; // 0 is the frame's
    plot.setDataset(index, dataset);
    plot.setRenderer(index, renderer);
    plot.render(g, area, index, null, null);
    plot.setDataset(index, null); // the frame is drawn without
    g.dispose();
    return new Layer(image);
  }

  /** Shows a curve up to an iteration. */
  void draw(Graphics2D g, Layer layer, double iteration) {
    Shape before = g.getClip();
    g.clip(new Rectangle2D.Double(area.x, around.y, x(iteration) - area.x, around.height));
    g.drawImage(layer.image(), around.x, around.y, null);
    g.setClip(before);
  }

  /** Draws a line, as far as it is on the plot area. */
  void drawLine(Graphics2D g, Line2D line) {
    Shape before = g.getClip();
    g.clip(around);
    g.draw(line);
    g.setClip(before);
  }
}
