package mnist.view;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.runs.RecordHeader;
import mnist.runs.RecordHeader.Group;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecord.BatchSnapshot;
import mnist.runs.ViewRecord.TestSnapshot;
import mnist.runs.ViewRecordFormat;
import mnist.training.Measurement;
import org.jfree.data.xy.YIntervalSeries;

/**
 * Pictures of a run at any iteration, in six panels like the window of the tutorial's scripts:
 * accuracy, loss, training digits; weights, biases, test digits.
 *
 * <p>Whatever is the same at all iterations is drawn only once, which makes movies cheap.
 */
public final class Dashboard {
  /** Nothing would be legible in a narrower picture. */
  public static final int MIN_WIDTH = 320;

  /** Nothing would be legible in a lower picture. */
  public static final int MIN_HEIGHT = 180;

  private static final double MAX_LOSS = 100;
  private static final double MIN_LOG_LOSS = 0.01;
  private static final double MAX_LOG_LOSS = 1000;
  private static final int BATCH_SIDE = 10;

  private final ViewRecord record;
  private final RecordHeader header;
  private final byte[] testLabels;
  private final int[] testIndices;
  private final int lastIteration;
  private final List<Measurement> trainingMeasurements;
  private final List<Measurement> testMeasurements;
  private final Theme theme;
  private final int width;
  private final int height;
  private final double headingHeight;

  private final CurvePanel accuracy;
  private final CurvePanel loss;
  private final List<Bands> bands;
  private final ImageGrid batch;
  private final ImageGrid test;
  private final BufferedImage frame;

  /** Panel 4 or 5. */
  private record Bands(Curves curves, BufferedImage layer) {}

  /**
   * Prepares the pictures of a run.
   *
   * @param run the run's folder, for messages
   * @param record the run's
   * @param data the run's data set; without it, cells show no images
   * @param width of the pictures in pixels, {@value #MIN_WIDTH} or more
   * @param height in pixels, {@value #MIN_HEIGHT} or more
   * @throws IOException if the record is empty, or this machine has no font
   */
  public static Dashboard of(
      Path run, ViewRecord record, Optional<DataSet> data, int width, int height)
      throws IOException {
    return of(run, record, data, width, height, false);
  }

  /**
   * The same, optionally for a network that is nearly always right.
   *
   * @param closeUp whether the accuracy starts at 90%, the loss is logarithmic, and fewer, larger
   *     test digits are shown
   * @throws IOException if the record is empty, or this machine has no font
   */
  public static Dashboard of(
      Path run, ViewRecord record, Optional<DataSet> data, int width, int height, boolean closeUp)
      throws IOException {
    if (record.batches().isEmpty() && record.tests().isEmpty()) {
      throw new IOException(
          new RunFolder(run).viewRecord() + " has no measurement yet; the run has just started");
    }
    try {
      return new Dashboard(record, data, width, height, closeUp);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError | InternalError e) {
      throw new IOException(
          "Java finds no font on this machine (%s); install fontconfig and a font, such as"
                  .formatted(e.getMessage())
              + " fonts-dejavu",
          e);
    }
  }

  private Dashboard(
      ViewRecord record, Optional<DataSet> data, int width, int height, boolean closeUp) {
    this.record = record;
    this.width = width;
    this.height = height;
    header = record.header();
    testLabels = record.testLabels();
    testIndices = IntStream.range(0, testLabels.length).toArray();
    trainingMeasurements = record.batches().stream().map(BatchSnapshot::measurement).toList();
    testMeasurements = record.tests().stream().map(TestSnapshot::measurement).toList();
    // Of a training that ends between tests, the measurement of its final weights comes after.
    lastIteration =
        testMeasurements.stream()
            .mapToInt(Measurement::iteration)
            .reduce(header.iterations(), Math::max);
    theme = Theme.of(width, height);
    headingHeight = theme.scaled(88);
    accuracy =
        new CurvePanel(
            theme,
            new Curves(
                theme,
                area(1),
                lastIteration,
                closeUp ? Curves.linear(0.9, 1, true) : Curves.linear(0, 1, false)),
            Measurement::accuracy,
            Dashboard::percent,
            OptionalDouble.of(header.reportedAccuracy()),
            trainingMeasurements,
            testMeasurements);
    loss =
        new CurvePanel(
            theme,
            new Curves(
                theme,
                area(2),
                lastIteration,
                closeUp
                    ? Curves.logarithmic(MIN_LOG_LOSS, MAX_LOG_LOSS)
                    : Curves.linear(0, MAX_LOSS, false)),
            closeUp ? m -> Math.max(m.loss(), MIN_LOG_LOSS / 10) : Measurement::loss,
            loss -> String.format(Locale.ROOT, "%.2f", loss),
            OptionalDouble.empty(),
            trainingMeasurements,
            testMeasurements);
    batch = new ImageGrid(area(3), BATCH_SIDE, BATCH_SIDE, data.map(DataSet::training));
    bands = List.of(bands(0, Theme.TRAINING), bands(1, Theme.GREEN));
    test = new ImageGrid(area(6), closeUp ? 20 : 40, closeUp ? 15 : 25, data.map(DataSet::test));
    frame = newCanvas();
    drawFrame();
  }

  // ---- Panels

  /** The plot area of a panel; 1 2 3 above 4 5 6. */
  private Rectangle area(int panel) {
    double columnWidth = (width - 2 * theme.scaled(20)) / 3;
    double rowHeight = (height - headingHeight - theme.scaled(8)) / 2;
    double column = (panel - 1) % 3;
    double row = (panel - 1) / 3;
    return new Rectangle(
        (int) Math.round(theme.scaled(20 + 68) + column * columnWidth),
        (int) Math.round(headingHeight + row * rowHeight + theme.scaled(44)),
        (int) Math.round(columnWidth - theme.scaled(68 + 30)),
        (int) Math.round(rowHeight - theme.scaled(44 + 42)));
  }

  Curves accuracy() {
    return accuracy.curves();
  }

  Curves loss() {
    return loss.curves();
  }

  /** Panels 4 and 5. */
  List<Curves> bands() {
    return bands.stream().map(Bands::curves).toList();
  }

  ImageGrid batch() {
    return batch;
  }

  ImageGrid test() {
    return test;
  }

  /** The quantiles of all layers of a group. */
  private Bands bands(int panel, Color color) {
    List<String> groups = header.groups().stream().map(Group::name).toList();
    int group = groups.indexOf(header.panels().get(panel));
    int last = ViewRecordFormat.QUANTILES - 1;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    List<YIntervalSeries> outermostFirst = new ArrayList<>();
    for (int i = 0; i < ViewRecordFormat.QUANTILES / 2; i++) {
      outermostFirst.add(new YIntervalSeries(i));
    }
    for (BatchSnapshot snapshot : record.batches()) {
      float[] quantiles = snapshot.quantiles()[group][0];
      min = Math.min(min, quantiles[0]);
      max = Math.max(max, quantiles[last]);
      for (int i = 0; i < outermostFirst.size(); i++) {
        int iteration = snapshot.measurement().iteration();
        outermostFirst.get(i).add(iteration, quantiles[i], quantiles[i], quantiles[last - i]);
      }
    }
    // All values may be equal in the beginning, and a run may diverge.
    double middle = Double.isFinite(min + max) ? (min + max) / 2 : 0;
    double half =
        max > min && Double.isFinite(max - min)
            ? 0.55 * (max - min)
            : Math.max(1, Math.abs(middle) / 10);
    Curves curves =
        new Curves(
            theme,
            area(4 + panel),
            lastIteration,
            Curves.linear(middle - half, middle + half, false));
    return new Bands(curves, curves.bands(outermostFirst, color));
  }

  // ---- What is the same at all iterations

  private BufferedImage newCanvas() {
    return new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
  }

  private void drawFrame() {
    Graphics2D g = Theme.antialiased(frame.createGraphics());
    g.setColor(Theme.PAPER);
    g.fillRect(0, 0, width, height);

    int left = area(1).x;
    String stage = header.stage() + "  ";
    String title = header.title() + ", on " + dataSet();
    Font bold = theme.bold(27);
    Font plain = theme.plain(27);
    double needed = Theme.width(g, bold, stage) + Theme.width(g, plain, title);
    double available = 0.54 * width - left;
    bold = Theme.shrunk(bold, needed, available);
    plain = Theme.shrunk(plain, needed, available);
    Theme.text(g, bold, Theme.TEXT, stage, left, headingBaseline());
    double titleLeft = left + Theme.width(g, bold, stage);
    Theme.text(g, plain, Theme.TEXT, title, titleLeft, headingBaseline());

    title(g, 1, "Accuracy");
    title(g, 2, "Cross entropy loss");
    title(g, 3, "Training digits");
    title(g, 4, capitalized(header.panels().get(0)));
    title(g, 5, capitalized(header.panels().get(1)));
    title(g, 6, "Test digits");

    Stream.concat(Stream.of(accuracy(), loss()), bands().stream()).forEach(c -> c.drawFrame(g));
    double lowest = 1 - (double) test.cells() / Math.max(test.cells(), header.testImages());
    new Curves(theme, area(6), 1, Curves.linear(lowest, 1, true)).verticalOnly().drawFrame(g);
    g.dispose();
  }

  private static String capitalized(String name) {
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }

  private String dataSet() {
    return switch (header.dataSet()) {
      case "mnist" -> "MNIST";
      case "fashion-mnist" -> "Fashion-MNIST";
      case "synthetic" -> "drawn digits";
      default -> "own data";
    };
  }

  private double headingBaseline() {
    return theme.scaled(56);
  }

  private void title(Graphics2D g, int panel, String title) {
    Theme.text(g, theme.bold(19), Theme.TEXT, title, area(panel).x, titleBaseline(panel));
  }

  private double titleBaseline(int panel) {
    return area(panel).y - theme.scaled(15);
  }

  // ---- One iteration

  /** All iterations with a measurement, ascending. */
  public List<Integer> iterations() {
    TreeSet<Integer> iterations = new TreeSet<>();
    trainingMeasurements.forEach(m -> iterations.add(m.iteration()));
    testMeasurements.forEach(m -> iterations.add(m.iteration()));
    return List.copyOf(iterations);
  }

  /** Draws everything measured up to an iteration. */
  public BufferedImage draw(int iteration) {
    BufferedImage canvas = newCanvas();
    draw(iteration, canvas);
    return canvas;
  }

  /**
   * Draws over an earlier picture.
   *
   * @param canvas returned by {@link #draw(int)}
   */
  public void draw(int iteration, BufferedImage canvas) {
    System.arraycopy(Palette.pixels(frame), 0, Palette.pixels(canvas), 0, width * height);
    Graphics2D g = Theme.antialiased(canvas.createGraphics());
    record.batches().stream()
        .filter(snapshot -> snapshot.measurement().iteration() <= iteration)
        .reduce((first, second) -> second)
        .ifPresent(
            latest -> {
              int measured = latest.measurement().iteration();
              bands.forEach(panel -> panel.curves().draw(g, panel.layer(), measured));
              batch.draw(canvas, g, latest.images(), latest.labels(), latest.predictions());
              wrongCount(g, 3, latest.labels(), latest.predictions());
            });
    record.tests().stream()
        .filter(snapshot -> snapshot.measurement().iteration() <= iteration)
        .reduce((first, second) -> second)
        .ifPresent(
            latest -> {
              test.draw(canvas, g, testIndices, testLabels, latest.predictions());
              wrongCount(g, 6, testLabels, latest.predictions());
            });
    accuracy.draw(g, iteration);
    loss.draw(g, iteration);
    heading(g, iteration);
    g.dispose();
  }

  private void wrongCount(Graphics2D g, int panel, byte[] labels, byte[] predictions) {
    String text =
        String.format(
            Locale.ROOT,
            "%,d of %,d wrong",
            ImageGrid.wrong(labels, predictions).count(),
            labels.length);
    double right = area(panel).getMaxX();
    Theme.textRight(g, theme.plain(16), Theme.MUTED, text, right, titleBaseline(panel));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f%%", 100 * share);
  }

  private void heading(Graphics2D g, int iteration) {
    String text = String.format(Locale.ROOT, "iteration %,d of %,d", iteration, lastIteration);
    List<Float> accuracies =
        testMeasurements.stream()
            .filter(m -> m.iteration() <= iteration)
            .map(Measurement::accuracy)
            .toList();
    if (!accuracies.isEmpty()) {
      text +=
          "  ·  test accuracy %s, best %s"
              .formatted(
                  percent(accuracies.get(accuracies.size() - 1)),
                  percent(accuracies.stream().max(Float::compare).get()));
    }
    double right = area(3).getMaxX();
    Font font = theme.plain(21);
    font = Theme.shrunk(font, Theme.width(g, font, text), right - 0.56 * width);
    Theme.textRight(g, font, Theme.TEXT, text, right, headingBaseline());
  }
}
