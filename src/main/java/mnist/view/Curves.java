package mnist.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.Shape;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.util.Locale;
import org.jfree.chart.axis.AxisSpace;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
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
 * The plot of one panel: axes, grid and curves over the iterations. Every curve is drawn once to
 * its end and then revealed up to an iteration, which makes movies cheap.
 */
final class Curves {
  private static final float BAND_ALPHA = 0.22f;

  private final Theme theme;
  private final Rectangle area;

  /** With a margin, so that a curve on the edge of the plot keeps its full width. */
  private final Rectangle withMargin;

  private final NumberAxis xAxis = new NumberAxis();
  private final ValueAxis yAxis;
  private final XYPlot plot;
  private int layers;

  /**
   * @param area of the plot, without the axes' labels
   * @param iterations the end of the horizontal axis, which starts at 0
   * @param yAxis the vertical axis
   */
  Curves(Theme theme, Rectangle area, double iterations, ValueAxis yAxis) {
    this.theme = theme;
    this.area = area;
    this.yAxis = yAxis;
    withMargin = new Rectangle(area);
    withMargin.grow((int) theme.scaled(3), (int) theme.scaled(3));
    xAxis.setRange(0, Math.max(1, iterations));
    xAxis.setTickUnit(ticks(Math.max(5, iterations), false));
    for (ValueAxis axis : new ValueAxis[] {xAxis, yAxis}) {
      axis.setTickLabelFont(theme.plain(15));
      axis.setTickLabelPaint(Theme.MUTED);
      axis.setTickMarksVisible(false);
      axis.setAxisLineVisible(false);
    }
    xAxis.setTickLabelInsets(new RectangleInsets(theme.scaled(8), 0, 0, 0));
    yAxis.setTickLabelInsets(new RectangleInsets(0, theme.scaled(8), 0, theme.scaled(8)));
    plot = new XYPlot(null, xAxis, yAxis, new XYLineAndShapeRenderer());
    plot.setInsets(RectangleInsets.ZERO_INSETS);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    plot.setBackgroundPaint(null);
    plot.setOutlineVisible(false);
    plot.setDomainGridlinePaint(Theme.GRID);
    plot.setRangeGridlinePaint(Theme.GRID);
    plot.setDomainGridlineStroke(theme.hairline());
    plot.setRangeGridlineStroke(theme.hairline());
  }

  /**
   * A vertical axis.
   *
   * @param percent whether its labels are percentages
   */
  static ValueAxis linear(double min, double max, boolean percent) {
    NumberAxis axis = new NumberAxis();
    axis.setRange(min, max);
    axis.setTickUnit(ticks(max - min, percent));
    return axis;
  }

  /** A vertical axis with a label at each power of ten. */
  static ValueAxis logarithmic(double min, double max) {
    LogAxis axis = new LogAxis();
    axis.setRange(min, max);
    axis.setTickUnit(new NumberTickUnit(1)); // of the exponent
    axis.setNumberFormatOverride(
        new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT)));
    return axis;
  }

  /** Hides the horizontal axis and the grid. */
  Curves verticalOnly() {
    xAxis.setVisible(false);
    plot.setDomainGridlinesVisible(false);
    plot.setRangeGridlinesVisible(false);
    return this;
  }

  /** About 5 ticks at multiples of 1, 2 or 5 times a power of ten. */
  private static NumberTickUnit ticks(double length, boolean percent) {
    double power = Math.pow(10, Math.floor(Math.log10(length / 5)));
    double times = length / 5 / power;
    double step = power * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
    int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    String format =
        percent
            ? "%." + Math.max(0, decimals - 2) + "f%%"
            : decimals > 5 || step >= 1e6 ? "%.0e" : "%." + decimals + "f";
    return new NumberTickUnit(step, NumberFormat.getInstance(Locale.ROOT)) {
      private static final long serialVersionUID = 1;

      @Override
      public String valueToString(double value) {
        double exact = Math.rint(value / step) * step + 0.0; // never −0
        return String.format(Locale.ROOT, format, percent ? 100 * exact : exact).replace('-', '−');
      }
    };
  }

  Rectangle area() {
    return area;
  }

  /** The pixel column of an iteration. */
  double x(double iteration) {
    return xAxis.valueToJava2D(iteration, area, RectangleEdge.BOTTOM);
  }

  /** The pixel row of a value. */
  double y(double value) {
    return yAxis.valueToJava2D(value, area, RectangleEdge.LEFT);
  }

  /** Draws the axes' labels, the grid and the base line. */
  void drawFrame(Graphics2D g) {
    double left = theme.scaled(70);
    double below = theme.scaled(40);
    AxisSpace space = new AxisSpace();
    space.setLeft(left);
    space.setBottom(below);
    plot.setFixedRangeAxisSpace(space);
    plot.setFixedDomainAxisSpace(space);
    plot.draw(
        g,
        new Rectangle2D.Double(area.x - left, area.y, area.width + left, area.height + below),
        null,
        null,
        null);
    if (xAxis.isVisible()) {
      g.setPaint(Theme.AXIS);
      g.setStroke(theme.hairline());
      g.draw(new Rectangle2D.Double(area.x, area.y + area.height, area.width, 0));
    }
  }

  BufferedImage line(XYSeries series, Color color, BasicStroke stroke) {
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
    renderer.setDrawSeriesLineAsPath(true);
    renderer.setDefaultPaint(color);
    renderer.setAutoPopulateSeriesPaint(false);
    renderer.setDefaultStroke(stroke);
    renderer.setAutoPopulateSeriesStroke(false);
    return layer(new XYSeriesCollection(series), renderer);
  }

  /** Nested translucent bands, which are darker where they overlap. */
  BufferedImage bands(Iterable<YIntervalSeries> outermostFirst, Color color) {
    DeviationRenderer renderer = new DeviationRenderer(false, false);
    renderer.setAlpha(BAND_ALPHA);
    renderer.setDefaultFillPaint(color);
    renderer.setAutoPopulateSeriesFillPaint(false);
    YIntervalSeriesCollection all = new YIntervalSeriesCollection();
    outermostFirst.forEach(all::addSeries);
    return layer(all, renderer);
  }

  /** A complete curve on the plot area and its margin, otherwise transparent. */
  private BufferedImage layer(XYDataset dataset, XYItemRenderer renderer) {
    BufferedImage image =
        new BufferedImage(withMargin.width, withMargin.height, BufferedImage.TYPE_INT_ARGB_PRE);
    Graphics2D g = Theme.antialiased(image.createGraphics());
    g.translate(-withMargin.x, -withMargin.y);
    int index = ++layers; // 0 is the frame's
    plot.setDataset(index, dataset);
    plot.setRenderer(index, renderer);
    plot.render(g, area, index, null, null);
    plot.setDataset(index, null); // not part of the frame
    g.dispose();
    return image;
  }

  /** Draws a curve up to an iteration. */
  void draw(Graphics2D g, BufferedImage layer, double iteration) {
    Shape clip = g.getClip();
    g.clip(new Rectangle2D.Double(area.x, withMargin.y, x(iteration) - area.x, withMargin.height));
    g.drawImage(layer, withMargin.x, withMargin.y, null);
    g.setClip(clip);
  }

  /** Draws a line, clipped to the plot area. */
  void drawLine(Graphics2D g, Line2D line) {
    Shape clip = g.getClip();
    g.clip(withMargin);
    g.draw(line);
    g.setClip(clip);
  }
}
