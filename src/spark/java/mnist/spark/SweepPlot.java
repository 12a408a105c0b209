package mnist.spark;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.geom.Ellipse2D;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/**
 * A sweep as a picture: for each combination of options the mean accuracy, best and last, with its
 * standard deviation, and beside it each trial.
 */
final class SweepPlot {
  private static final int HEIGHT = 720;
  private static final int LEAST_WIDTH = 960;
  private static final int WIDTH_OF_ROW = 60;

  // Okabe's and Ito's, as in the pictures of runs.
  private static final Color BEST = new Color(0x0072B2);
  private static final Color LAST = new Color(0xD55E00);

  private SweepPlot() {}

  /** A PNG. */
  static byte[] png(String stage, SweepTable table) throws IOException {
    YIntervalSeriesCollection points = new YIntervalSeriesCollection();
    points.addSeries(
        means("best accuracy, mean and standard deviation", table, TrialRecord::best, -0.1));
    points.addSeries(means("last accuracy", table, TrialRecord::last, 0.1));
    points.addSeries(trials("best of each run", table, TrialRecord::best, -0.2));
    points.addSeries(trials("last of each run", table, TrialRecord::last, 0.2));

    XYErrorRenderer renderer = new XYErrorRenderer();
    renderer.setDrawXError(false);
    renderer.setErrorStroke(new BasicStroke(2));
    for (int series = 0; series < points.getSeriesCount(); series++) {
      double size = series < 2 ? 10 : 5;
      renderer.setSeriesShape(series, new Ellipse2D.Double(-size / 2, -size / 2, size, size));
      Color colour = series % 2 == 0 ? BEST : LAST;
      renderer.setSeriesPaint(
          series,
          series < 2
              ? colour
              : new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), 110));
    }

    List<SweepTable.Row> rows = table.rows();
    String options =
        String.join(", ", table.options().stream().map(option -> option.substring(2)).toList());
    SymbolAxis across =
        new SymbolAxis(options, rows.stream().map(SweepTable.Row::label).toArray(String[]::new));
    across.setRange(-0.5, rows.size() - 0.5);
    across.setGridBandsVisible(false);
    across.setVerticalTickLabels(rows.size() > 8);
    NumberAxis up = new NumberAxis("test accuracy");
    up.setAutoRangeIncludesZero(false);
    up.setNumberFormatOverride(
        new DecimalFormat("0.##%", DecimalFormatSymbols.getInstance(Locale.ROOT)));

    XYPlot plot = new XYPlot(points, across, up, renderer);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setRangeGridlinePaint(new Color(0xE9E9E9));
    plot.setDomainGridlinesVisible(false);
    plot.setOutlineVisible(false);
    JFreeChart chart =
        new JFreeChart("Stage " + stage, new Font(Font.SANS_SERIF, Font.BOLD, 18), plot, true);
    chart.setBackgroundPaint(Color.WHITE);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ChartUtils.writeChartAsPNG(
        png, chart, Math.max(LEAST_WIDTH, WIDTH_OF_ROW * rows.size()), HEIGHT);
    return png.toByteArray();
  }

  private static YIntervalSeries means(
      String name,
      SweepTable table,
      Function<TrialRecord, java.util.OptionalDouble> figure,
      double aside) {
    YIntervalSeries series = new YIntervalSeries(name);
    for (int i = 0; i < table.rows().size(); i++) {
      List<Double> figures = table.rows().get(i).figures(figure);
      if (!figures.isEmpty()) {
        double mean = SweepTable.mean(figures);
        double spread = figures.size() < 2 ? 0 : SweepTable.spread(figures);
        series.add(i + aside, mean, mean - spread, mean + spread);
      }
    }
    return series;
  }

  private static YIntervalSeries trials(
      String name,
      SweepTable table,
      Function<TrialRecord, java.util.OptionalDouble> figure,
      double aside) {
    YIntervalSeries series = new YIntervalSeries(name);
    for (int i = 0; i < table.rows().size(); i++) {
      for (double value : table.rows().get(i).figures(figure)) {
        series.add(i + aside, value, value, value);
      }
    }
    return series;
  }
}
