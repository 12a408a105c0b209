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
import java.awt.image.DataBufferInt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.runs.RecordHeader;
import mnist.runs.RecordHeader.Group;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecord.BatchSeen;
import mnist.runs.ViewRecord.TestSeen;
import mnist.training.Measurement;
import mnist.view.Curves.Layer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.YIntervalSeries;

/**
 * A run at a moment, in six panels as the tutorial's own window has them: accuracy, loss, the
 * batch's images; weights, biases, test images.
 *
 * <p>Whatever is the same at every moment is drawn once, so that many moments are drawn quickly.
 */
public final class Dashboard {
  /** Pictures of fewer pixels across show nothing that could be read. */
  public static final int LEAST_WIDTH = 320;

  /** The same, up. */
  public static final int LEAST_HEIGHT = 180;

  private static final double LARGEST_LOSS = 100;
  private static final int TEST_ROWS = 25;
  private static final int TEST_COLUMNS = 40;
  private static final int BATCH_SIDE = 10;

  /** Of the curves, in pixels of a picture of 1920 × 1080; it tells them apart without colour. */
  private static final double TRAINING_WIDTH = 1.3;

  private static final double TEST_WIDTH = 3.5;

  private final ViewRecord record;
  private final RecordHeader header;
  private final byte[] testLabels;
  private final int[] testNumbers;
  private final Theme look;
  private final int width;
  private final int height;
  private final double headingHeight;

  private final Curves accuracy;
  private final Curves loss;
  private final List<Curves> spreads;
  private final ImageGrid batch;
  private final ImageGrid test;

  private final List<Line> lines;
  private final List<Layer> bands = new ArrayList<>();
  private final BufferedImage frame;

  /** One of the four curves. */
  private record Line(
      Curves curves, Layer layer, boolean ofTest, ToDoubleFunction<Measurement> value) {}

  /**
   * Reads a run's record and prepares its pictures.
   *
   * @param run the run's folder
   * @param data the data set of the run; where it cannot be had, cells show no images
   * @param width of the pictures in pixels, {@value #LEAST_WIDTH} or more
   * @param height in pixels, {@value #LEAST_HEIGHT} or more
   * @throws IOException if the run has no record, or one with nothing in it, or if this machine has
   *     no font
   */
  public static Dashboard of(Path run, Optional<DataSet> data, int width, int height)
      throws IOException {
    ViewRecord record = ViewRecord.read(run);
    if (record.batches().isEmpty() && record.tests().isEmpty()) {
      throw new IOException(
          run.resolve(ViewRecord.FILE) + " holds no measurement yet; the run has just begun");
    }
    try {
      return new Dashboard(record, data, width, height);
    } catch (LinkageError | InternalError e) {
      throw new IOException(
          "Java finds no font to write with on this machine (%s); install fontconfig and a font, such"
                  .formatted(e.getMessage())
              + " as fonts-dejavu",
          e);
    }
  }

  private Dashboard(ViewRecord record, Optional<DataSet> data, int width, int height) {
    this.record = record;
    this.width = width;
    this.height = height;
    header = record.header();
    testLabels = ViewRecord.unpacked(header.testLabels(), header.testImages());
    testNumbers = IntStream.range(0, testLabels.length).toArray();
    look = Theme.of(width, height);
    headingHeight = look.letters(88);

    accuracy = new Curves(look, area(1), header.iterations(), 0, 1, false);
    loss = new Curves(look, area(2), header.iterations(), 0, LARGEST_LOSS, false);
    batch = new ImageGrid(area(3), BATCH_SIDE, BATCH_SIDE, data.map(DataSet::training));
    spreads = List.of(spread(0, Theme.TRAINING), spread(1, Theme.GREEN));
    test = new ImageGrid(area(6), TEST_COLUMNS, TEST_ROWS, data.map(DataSet::test));

    lines =
        List.of(
            line(accuracy, false, Measurement::accuracy),
            line(accuracy, true, Measurement::accuracy),
            line(loss, false, Measurement::loss),
            line(loss, true, Measurement::loss));
    frame = newCanvas();
    drawFrame();
  }

  // ---- Where things are

  /** Where the plot of a panel is, 1 2 3 above 4 5 6. */
  Rectangle area(int panel) {
    double column = (panel - 1) % 3;
    double row = (panel - 1) / 3;
    double columnWidth = (width - 2 * look.letters(20)) / 3;
    double rowHeight = (height - headingHeight - look.letters(8)) / 2;
    return new Rectangle(
        (int) Math.round(look.letters(20 + 68) + column * columnWidth),
        (int) Math.round(headingHeight + row * rowHeight + look.letters(44)),
        (int) Math.round(columnWidth - look.letters(68 + 30)),
        (int) Math.round(rowHeight - look.letters(44 + 42)));
  }

  Curves accuracy() {
    return accuracy;
  }

  Curves loss() {
    return loss;
  }

  List<Curves> spreads() {
    return spreads;
  }

  ImageGrid batch() {
    return batch;
  }

  ImageGrid test() {
    return test;
  }

  // ---- Curves

  private Line line(Curves curves, boolean ofTest, ToDoubleFunction<Measurement> value) {
    XYSeries series = new XYSeries("");
    measurements(ofTest).forEach(m -> series.add(m.iteration(), value.applyAsDouble(m)));
    Layer layer =
        ofTest
            ? curves.line(series, Theme.TEST, stroke(TEST_WIDTH))
            : curves.line(series, Theme.TRAINING, stroke(TRAINING_WIDTH));
    return new Line(curves, layer, ofTest, value);
  }

  private List<Measurement> measurements(boolean ofTest) {
    return ofTest
        ? record.tests().stream().map(TestSeen::measurement).toList()
        : record.batches().stream().map(BatchSeen::measurement).toList();
  }

  /** The spread of one of the two groups of panels 4 and 5, all layers in one. */
  private Curves spread(int panel, Color colour) {
    int group = group(panel);
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    List<YIntervalSeries> outermostFirst = new ArrayList<>();
    for (int i = 0; i < ViewRecord.QUANTILES / 2; i++) {
      outermostFirst.add(new YIntervalSeries(i));
    }
    for (BatchSeen seen : record.batches()) {
      float[] boundaries = seen.spreads()[group][0];
      least = Math.min(least, boundaries[0]);
      most = Math.max(most, boundaries[boundaries.length - 1]);
      for (int i = 0; i < outermostFirst.size(); i++) {
        float low = boundaries[i];
        float high = boundaries[boundaries.length - 1 - i];
        outermostFirst.get(i).add(seen.measurement().iteration(), low, low, high);
      }
    }
    // A run may begin with equal numbers, and may run away.
    double middle = Double.isFinite(least + most) ? (least + most) / 2 : 0;
    double half = most > least && Double.isFinite(most - least) ? 0.55 * (most - least) : 1;
    Curves curves =
        new Curves(look, area(4 + panel), header.iterations(), middle - half, middle + half, false);
    bands.add(curves.bands(outermostFirst, colour));
    return curves;
  }

  private int group(int panel) {
    List<String> names = header.groups().stream().map(Group::name).toList();
    return names.indexOf(header.panels().get(panel));
  }

  // ---- What is the same at every moment

  private BufferedImage newCanvas() {
    return new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
  }

  private static int[] pixels(BufferedImage canvas) {
    return ((DataBufferInt) canvas.getRaster().getDataBuffer()).getData();
  }

  private void drawFrame() {
    Graphics2D g = Theme.smooth(frame.createGraphics());
    g.setColor(Theme.PAPER);
    g.fillRect(0, 0, width, height);

    int left = area(1).x;
    String stage = header.stage() + "  ";
    Font bold = look.bold(27);
    Font plain = look.plain(27);
    double room = 0.54 * width - left;
    String about = header.title() + ", on " + dataSet();
    double needed = Theme.widthOf(g, bold, stage) + Theme.widthOf(g, plain, about);
    double smaller = Math.min(1, room / needed);
    bold = bold.deriveFont((float) (bold.getSize2D() * smaller));
    plain = plain.deriveFont((float) (plain.getSize2D() * smaller));
    text(g, bold, Theme.TEXT, stage, left, headingBase());
    text(g, plain, Theme.TEXT, about, left + Theme.widthOf(g, bold, stage), headingBase());

    title(g, 1, "Accuracy");
    title(g, 2, "Cross entropy loss");
    title(g, 3, "Training digits");
    for (int i = 0; i < spreads.size(); i++) {
      String name = header.panels().get(i);
      title(g, 4 + i, name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1));
    }
    title(g, 6, "Test digits");

    accuracy.drawFrame(g);
    loss.drawFrame(g);
    spreads.forEach(curves -> curves.drawFrame(g));
    new Curves(look, area(6), 1, lowestShown(), 1, true).onlyUp().drawFrame(g);
    g.dispose();
  }

  private String dataSet() {
    return switch (header.dataSet()) {
      case "mnist" -> "MNIST";
      case "fashion-mnist" -> "Fashion-MNIST";
      case "synthetic" -> "drawn digits";
      default -> "own data";
    };
  }

  /** The accuracy at which the test images that are shown would all be wrong. */
  private double lowestShown() {
    return 1 - (double) test.cells() / Math.max(test.cells(), header.testImages());
  }

  private BasicStroke tutorialStroke() {
    float width = (float) look.letters(1);
    return new BasicStroke(
        width,
        BasicStroke.CAP_BUTT,
        BasicStroke.JOIN_BEVEL,
        1,
        new float[] {5 * width, 4 * width},
        0);
  }

  private double headingBase() {
    return look.letters(56);
  }

  private void title(Graphics2D g, int panel, String title) {
    text(g, look.bold(19), Theme.TEXT, title, area(panel).x, titleBase(panel));
  }

  private double titleBase(int panel) {
    return area(panel).y - look.letters(15);
  }

  private static void text(
      Graphics2D g, Font font, Color colour, String text, double x, double base) {
    g.setFont(font);
    g.setColor(colour);
    g.drawString(text, (float) x, (float) base);
  }

  private static void textTo(
      Graphics2D g, Font font, Color colour, String text, double right, double base) {
    text(g, font, colour, text, right - Theme.widthOf(g, font, text), base);
  }

  // ---- A moment

  /** The iterations at which something was measured, in order. */
  public List<Integer> moments() {
    TreeSet<Integer> moments = new TreeSet<>();
    measurements(false).forEach(m -> moments.add(m.iteration()));
    measurements(true).forEach(m -> moments.add(m.iteration()));
    return List.copyOf(moments);
  }

  /** What is wrong with the record from some byte on, in one line, if anything is. */
  public Optional<String> damage() {
    return record.damage();
  }

  /** The picture of an iteration: what had been measured until then. */
  public BufferedImage draw(int iteration) {
    BufferedImage canvas = newCanvas();
    draw(iteration, canvas);
    return canvas;
  }

  /**
   * Draws the picture of an iteration over another one.
   *
   * @param canvas which {@link #draw(int)} has given
   */
  public void draw(int iteration, BufferedImage canvas) {
    System.arraycopy(pixels(frame), 0, pixels(canvas), 0, width * height);
    Graphics2D g = Theme.smooth(canvas.createGraphics());
    Optional<BatchSeen> batchSeen =
        last(record.batches().stream().filter(s -> s.measurement().iteration() <= iteration));
    Optional<TestSeen> testSeen =
        last(record.tests().stream().filter(s -> s.measurement().iteration() <= iteration));

    batchSeen.ifPresent(
        seen -> {
          for (int i = 0; i < spreads.size(); i++) {
            spreads.get(i).draw(g, bands.get(i), seen.measurement().iteration());
          }
          batch.draw(canvas, g, seen.images(), seen.right(), seen.predicted());
          count(g, 3, seen.right(), seen.predicted());
        });
    testSeen.ifPresent(
        seen -> {
          test.draw(canvas, g, testNumbers, testLabels, seen.predicted());
          count(g, 6, testLabels, seen.predicted());
        });
    Optional<Measurement> ofBatch = batchSeen.map(BatchSeen::measurement);
    Optional<Measurement> ofTest = testSeen.map(TestSeen::measurement);
    for (Line line : lines) {
      (line.ofTest() ? ofTest : ofBatch).ifPresent(now -> draw(g, line, now));
    }
    double reported = accuracy.y(header.reportedAccuracy());
    g.setColor(Theme.TEXT);
    g.setStroke(tutorialStroke());
    g.draw(new Line2D.Double(area(1).x, reported, area(1).getMaxX(), reported));
    legend(g, accuracy, ofBatch, ofTest);
    legend(g, loss, ofBatch, ofTest);
    heading(g, iteration, ofTest);
    g.dispose();
  }

  private static <T> Optional<T> last(Stream<T> all) {
    return all.reduce((before, after) -> after);
  }

  /** A curve up to now, with a dot where it is now. */
  private void draw(Graphics2D g, Line line, Measurement now) {
    Curves curves = line.curves();
    Color colour = line.ofTest() ? Theme.TEST : Theme.TRAINING;
    double x = curves.x(now.iteration());
    double y = curves.y(line.value().applyAsDouble(now));
    // Where the curve is steep, its width would show a little of what comes next.
    last(measurements(line.ofTest()).stream().filter(m -> m.iteration() < now.iteration()))
        .ifPresent(
            before -> {
              curves.draw(g, line.layer(), before.iteration());
              g.setColor(colour);
              g.setStroke(stroke(line.ofTest() ? TEST_WIDTH : TRAINING_WIDTH));
              curves.drawLine(
                  g,
                  new Line2D.Double(
                      curves.x(before.iteration()),
                      curves.y(line.value().applyAsDouble(before)),
                      x,
                      y));
            });
    double radius = look.letters(line.ofTest() ? 4.5 : 3);
    if (y >= curves.area().y) {
      g.setColor(colour);
      g.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    }
  }

  private BasicStroke stroke(double width) {
    return new BasicStroke(
        (float) look.letters(width), BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND);
  }

  /** How many are wrong, beside the panel's title. */
  private void count(Graphics2D g, int panel, byte[] right, byte[] said) {
    long wrong = IntStream.range(0, right.length).filter(i -> right[i] != said[i]).count();
    String text = String.format(Locale.ROOT, "%,d of %,d wrong", wrong, right.length);
    textTo(g, look.plain(16), Theme.QUIET, text, area(panel).getMaxX(), titleBase(panel));
  }

  /** What the curves are and where they stand: lower right for accuracy, upper right for loss. */
  private void legend(
      Graphics2D g, Curves curves, Optional<Measurement> ofBatch, Optional<Measurement> ofTest) {
    boolean ofAccuracy = curves == accuracy;
    Font font = look.plain(16);
    double row = look.letters(26);
    double right = curves.area().getMaxX() - look.letters(12);
    double sample = right - look.letters(ofAccuracy ? 222 : 204);
    int rows = ofAccuracy ? 3 : 2;
    double top =
        ofAccuracy ? curves.area().getMaxY() - (rows + 0.6) * row : curves.area().y + 0.3 * row;
    g.setColor(new Color(255, 255, 255, 220));
    g.fill(
        new Rectangle2D.Double(
            sample - look.letters(8), top, right - sample + look.letters(12), rows * row));
    double base = top + 0.7 * row;
    entry(
        g,
        font,
        Theme.TRAINING,
        stroke(TRAINING_WIDTH),
        "training",
        value(ofBatch, ofAccuracy),
        sample,
        right,
        base);
    base += row;
    entry(
        g,
        font,
        Theme.TEST,
        stroke(TEST_WIDTH),
        "test",
        value(ofTest, ofAccuracy),
        sample,
        right,
        base);
    if (ofAccuracy) {
      String best = percent(header.reportedAccuracy());
      entry(
          g,
          font,
          Theme.TEXT,
          tutorialStroke(),
          "tutorial's best",
          best,
          sample,
          right,
          base + row);
    }
  }

  private static String value(Optional<Measurement> now, boolean ofAccuracy) {
    return now.map(
            m -> ofAccuracy ? percent(m.accuracy()) : String.format(Locale.ROOT, "%.2f", m.loss()))
        .orElse("");
  }

  private void entry(
      Graphics2D g,
      Font font,
      Color colour,
      BasicStroke stroke,
      String what,
      String value,
      double sample,
      double right,
      double base) {
    double y = base - look.letters(5.5);
    g.setColor(colour);
    g.setStroke(stroke);
    g.draw(new Line2D.Double(sample, y, sample + look.letters(24), y));
    text(g, font, Theme.TEXT, what, sample + look.letters(32), base);
    textTo(g, font, Theme.TEXT, value, right, base);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f%%", 100 * share);
  }

  private void heading(Graphics2D g, int iteration, Optional<Measurement> ofTest) {
    String text =
        String.format(Locale.ROOT, "iteration %,d of %,d", iteration, header.iterations());
    if (ofTest.isPresent()) {
      double best =
          measurements(true).stream()
              .filter(m -> m.iteration() <= iteration)
              .mapToDouble(Measurement::accuracy)
              .max()
              .orElseThrow();
      text += "  ·  test accuracy " + percent(ofTest.get().accuracy()) + ", best " + percent(best);
    }
    double right = area(3).getMaxX();
    Font font = Theme.fitting(g, look.plain(21), text, right - 0.56 * width);
    textTo(g, font, Theme.TEXT, text, right, headingBase());
  }
}
