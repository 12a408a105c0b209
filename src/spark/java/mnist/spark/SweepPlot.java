package mnist.spark;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.geom.Ellipse2D;
import java.io.IOException;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/**
 * Plots the accuracies of a sweep: for each combination of options the mean and standard deviation
 * of the best and the last test accuracy, next to those of each trial.
 */
final class SweepPlot {
  private static final int HEIGHT = 720;
  private static final int MIN_WIDTH = 960;
  private static final int WIDTH_PER_ROW = 60;

  // From the palette of Okabe and Ito, as in the pictures of runs.
  private static final Color BEST = new Color(0x0072B2);
  private static final Color LAST = new Color(0xD55E00);

  private SweepPlot() {}

  static byte[] toPng(String stage, SweepTable table) throws IOException {
    YIntervalSeriesCollection points = new YIntervalSeriesCollection();
    points.addSeries(
        series("best accuracy, mean and standard deviation", table, TrialResult::best, -0.1, true));
    points.addSeries(series("last accuracy", table, TrialResult::last, 0.1, true));
    points.addSeries(series("best of each run", table, TrialResult::best, -0.2, false));
    points.addSeries(series("last of each run", table, TrialResult::last, 0.2, false));

    XYErrorRenderer renderer = new XYErrorRenderer();
    renderer.setDrawXError(false);
    renderer.setErrorStroke(new BasicStroke(2));
    for (int series = 0; series < points.getSeriesCount(); series++) {
      double size = series < 2 ? 10 : 5;
      renderer.setSeriesShape(series, new Ellipse2D.Double(-size / 2, -size / 2, size, size));
      Color color = series % 2 == 0 ? BEST : LAST;
      renderer.setSeriesPaint(
          series,
          series < 2 ? color : new Color(color.getRed(), color.getGreen(), color.getBlue(), 110));
    }

    List<SweepTable.Row> rows = table.rows();
    String options =
        String.join(", ", table.options().stream().map(option -> option.substring(2)).toList());
    SymbolAxis xAxis =
        new SymbolAxis(options, rows.stream().map(SweepTable.Row::label).toArray(String[]::new));
    xAxis.setRange(-0.5, rows.size() - 0.5);
    xAxis.setGridBandsVisible(false);
    xAxis.setVerticalTickLabels(rows.size() > 8);
    NumberAxis yAxis = new NumberAxis("test accuracy");
    yAxis.setAutoRangeIncludesZero(false);
    yAxis.setNumberFormatOverride(
        new DecimalFormat("0.##%", DecimalFormatSymbols.getInstance(Locale.ROOT)));

    XYPlot plot = new XYPlot(points, xAxis, yAxis, renderer);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setRangeGridlinePaint(new Color(0xE9E9E9));
    plot.setDomainGridlinesVisible(false);
    plot.setOutlineVisible(false);
    JFreeChart chart =
        new JFreeChart("Stage " + stage, new Font(Font.SANS_SERIF, Font.BOLD, 18), plot, true);
    chart.setBackgroundPaint(Color.WHITE);
    int width = Math.max(MIN_WIDTH, WIDTH_PER_ROW * rows.size());
    return ChartUtils.encodeAsPNG(chart.createBufferedImage(width, HEIGHT));
  }

  /** A series with the mean and standard deviation of each row, or with each trial. */
  private static YIntervalSeries series(
      String name,
      SweepTable table,
      ToDoubleFunction<TrialResult> metric,
      double offset,
      boolean aggregate) {
    YIntervalSeries series = new YIntervalSeries(name);
    for (int i = 0; i < table.rows().size(); i++) {
      List<Double> values = table.rows().get(i).values(metric);
      if (aggregate && !values.isEmpty()) {
        double mean = SweepTable.mean(values);
        double deviation = values.size() < 2 ? 0 : SweepTable.standardDeviation(values);
        series.add(i + offset, mean, mean - deviation, mean + deviation);
      } else {
        for (double value : values) {
          series.add(i + offset, value, value, value);
        }
      }
    }
    return series;
  }
}
