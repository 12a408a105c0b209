package mnist.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import mnist.training.Measurement;
import org.jfree.data.xy.XYSeries;

/** The curves of the training batches and the test set, with a legend. */
final class CurvePanel {
  private final Theme theme;
  private final Curves curves;
  private final ToDoubleFunction<Measurement> value;
  private final DoubleFunction<String> format;
  private final OptionalDouble reported;
  private final List<Line> lines;

  /** Their widths also tell the curves apart without color. */
  private record Line(
      String name,
      List<Measurement> measurements,
      Color color,
      BasicStroke stroke,
      double dotRadius,
      BufferedImage layer) {}

  private record LegendEntry(String name, Color color, BasicStroke stroke, String value) {}

  /**
   * @param curves the axes
   * @param value what to plot
   * @param format its text in the legend
   * @param reported the tutorial's value; if given, the legend is at the bottom
   */
  CurvePanel(
      Theme theme,
      Curves curves,
      ToDoubleFunction<Measurement> value,
      DoubleFunction<String> format,
      OptionalDouble reported,
      List<Measurement> training,
      List<Measurement> test) {
    this.theme = theme;
    this.curves = curves;
    this.value = value;
    this.format = format;
    this.reported = reported;
    lines =
        List.of(
            line("training", training, Theme.TRAINING, 1.3, 3),
            line("test", test, Theme.TEST, 3.5, 4.5));
  }

  private Line line(
      String name, List<Measurement> measurements, Color color, double width, double dotRadius) {
    XYSeries series = new XYSeries("");
    measurements.forEach(m -> series.add(m.iteration(), value.applyAsDouble(m)));
    BasicStroke stroke = theme.stroke(width);
    return new Line(
        name, measurements, color, stroke, dotRadius, curves.line(series, color, stroke));
  }

  Curves curves() {
    return curves;
  }

  /** Draws the curves up to an iteration. */
  void draw(Graphics2D g, int iteration) {
    List<LegendEntry> legend = new ArrayList<>();
    for (Line line : lines) {
      List<Measurement> past =
          line.measurements().stream().filter(m -> m.iteration() <= iteration).toList();
      String latest = "";
      if (!past.isEmpty()) {
        draw(g, line, past);
        latest = format.apply(value.applyAsDouble(past.get(past.size() - 1)));
      }
      legend.add(new LegendEntry(line.name(), line.color(), line.stroke(), latest));
    }
    if (reported.isPresent()) {
      double y = curves.y(reported.getAsDouble());
      g.setColor(Theme.TEXT);
      g.setStroke(theme.dashed());
      g.draw(new Line2D.Double(curves.area().x, y, curves.area().getMaxX(), y));
      String text = format.apply(reported.getAsDouble());
      legend.add(new LegendEntry("tutorial", Theme.TEXT, theme.dashed(), text));
    }
    drawLegend(g, legend);
  }

  /** Draws a curve with a dot at the latest measurement. */
  private void draw(Graphics2D g, Line line, List<Measurement> past) {
    Measurement latest = past.get(past.size() - 1);
    double x = curves.x(latest.iteration());
    double y = curves.y(value.applyAsDouble(latest));
    g.setColor(line.color());
    if (past.size() > 1) {
      // Where the curve is steep, its width would reveal a little of what follows.
      Measurement previous = past.get(past.size() - 2);
      double previousY = curves.y(value.applyAsDouble(previous));
      curves.draw(g, line.layer(), previous.iteration());
      g.setStroke(line.stroke());
      curves.drawLine(g, new Line2D.Double(curves.x(previous.iteration()), previousY, x, y));
    }
    double radius = theme.scaled(line.dotRadius());
    if (y >= curves.area().y && y <= curves.area().getMaxY()) {
      g.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    }
  }

  private void drawLegend(Graphics2D g, List<LegendEntry> legend) {
    Rectangle area = curves.area();
    Font font = theme.plain(16);
    double row = theme.scaled(26);
    double right = area.getMaxX() - theme.scaled(12);
    double left = right - theme.scaled(204);
    double top =
        reported.isPresent() ? area.getMaxY() - (legend.size() + 0.6) * row : area.y + 0.3 * row;
    g.setColor(new Color(255, 255, 255, 220));
    g.fill(
        new Rectangle2D.Double(
            left - theme.scaled(8), top, right - left + theme.scaled(12), legend.size() * row));
    double baseline = top + 0.7 * row;
    for (LegendEntry entry : legend) {
      double y = baseline - theme.scaled(5.5);
      g.setColor(entry.color());
      g.setStroke(entry.stroke());
      g.draw(new Line2D.Double(left, y, left + theme.scaled(24), y));
      Theme.text(g, font, Theme.TEXT, entry.name(), left + theme.scaled(32), baseline);
      Theme.textRight(g, font, Theme.TEXT, entry.value(), right, baseline);
      baseline += row;
    }
  }
}
