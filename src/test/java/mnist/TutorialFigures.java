package mnist;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import javax.imageio.ImageIO;
import mnist.data.LabeledImages;
import mnist.runs.RecordHeader.FirstLayer;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecord.TestSnapshot;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

/**
 * The figures of TUTORIAL.md that show what a run learned: the templates of stage 1.0, and the
 * weighted sums of stage 4.0 before and after batch normalization.
 */
final class TutorialFigures {
  private TutorialFigures() {}

  /** Takes the folder of a run of stage 1.0 or 4.0, and the folder of the figures. */
  public static void main(String[] args) throws IOException {
    System.setProperty("java.awt.headless", "true");
    RunFolder run = new RunFolder(Path.of(args[0]));
    Path figures = Path.of(args[1]);
    ViewRecord record = ViewRecord.read(run.path());
    switch (record.header().stage()) {
      case "1.0" ->
          ImageIO.write(templates(record), "png", figures.resolve("templates.png").toFile());
      case "4.0" -> Files.writeString(figures.resolve("batch-norm.svg"), batchNorm(run));
      default ->
          throw new IllegalArgumentException("no figure of stage " + record.header().stage());
    }
  }

  // ---- The templates

  private static final int ZOOM = 4;
  private static final int GAP = 16;
  private static final int PER_ROW = 5;
  private static final int CONTRAST = 5;
  private static final int POSITIVE = 0x0072B2;
  private static final int NEGATIVE = 0xD55E00;

  /** The last first-layer weights: blue for, orange against, and transparent where they are 0. */
  private static BufferedImage templates(ViewRecord record) {
    FirstLayer layer = record.header().firstLayer();
    TestSnapshot last = record.tests().get(record.tests().size() - 1);
    int side = layer.rows() * ZOOM;
    int rows = layer.pictures() / PER_ROW;
    BufferedImage image =
        new BufferedImage(
            PER_ROW * (side + GAP) - GAP, rows * (side + GAP) - GAP, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < last.firstLayer().length; i++) {
      int pixel = i % (layer.rows() * layer.columns());
      int picture = i / (layer.rows() * layer.columns());
      int left = picture % PER_ROW * (side + GAP) + pixel % layer.columns() * ZOOM;
      int top = picture / PER_ROW * (side + GAP) + pixel / layer.columns() * ZOOM;
      int weight = last.firstLayer()[i];
      int opacity = Math.min(255, CONTRAST * Math.abs(weight));
      int color = opacity << 24 | (weight > 0 ? POSITIVE : NEGATIVE);
      for (int k = 0; k < ZOOM * ZOOM; k++) {
        image.setRGB(left + k % ZOOM, top + k / ZOOM, color);
      }
    }
    Graphics2D g = image.createGraphics();
    g.setColor(Color.GRAY); // on any background
    for (int i = 0; i < layer.pictures(); i++) {
      int left = i % PER_ROW * (side + GAP);
      int top = i / PER_ROW * (side + GAP);
      g.drawRect(left, top, side - 1, side - 1);
      g.drawString(String.valueOf(i), left + 5, top + 15);
    }
    g.dispose();
    return image;
  }

  // ---- The sums

  private static final int IMAGES = 1_000;
  private static final int LAYERS = 4;

  /** The sigmoid's slope is above 0.017 up to this distance from 0, and 0.25 at 0. */
  private static final int STEEP = 4;

  private static final int LIMIT = 30;
  private static final int BINS = 4 * LIMIT;

  private static final int WIDTH = 720;
  private static final int PLOT_WIDTH = 280;
  private static final int ROW = 76;
  private static final int TOP = 64;
  private static final int HEIGHT = TOP + LAYERS * ROW + 30;

  private static final String STYLE =
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
      <title>Sums of stage 4.0's hidden layers before and after batch normalization</title>
      <style>
        .paper { fill: #fff } text { fill: #333 } .axis { stroke: #bbb } .steep { fill: #e6f4ee }
        .before { fill: #d55e00 } .after { fill: #0072b2 }
        @media (prefers-color-scheme: dark) {
          .paper { fill: #16191d } text { fill: #ddd } .axis { stroke: #555 } .steep { fill: #16382c }
          .before { fill: #f0924e } .after { fill: #56b4e9 }
        }
      </style>
      <rect class="paper" width="100%%" height="100%%" rx="8"/>
      """;

  /** Histograms over the first test images and all neurons of a layer. */
  private static String batchNorm(RunFolder run) throws IOException {
    StringBuilder svg = new StringBuilder(STYLE.formatted(WIDTH, HEIGHT));
    LabeledImages images = run.openData(TestData.SILENT).test().first(IMAGES);
    try (SavedModelBundle bundle = SavedModelBundle.load(run.model().toString());
        TUint8 pixels =
            TUint8.tensorOf(
                Shape.of(IMAGES, LabeledImages.SIDE, LabeledImages.SIDE),
                DataBuffers.of(images.pixels(), true, false))) {
      Session.Runner runner = bundle.session().runner().feed("image_bytes", pixels);
      for (int layer = 1; layer <= LAYERS; layer++) {
        runner.fetch("Y" + layer + "l").fetch("Y" + layer + "bn");
      }
      try (Result result = runner.run()) {
        for (int i = 0; i < 2 * LAYERS; i++) {
          svg.append(histogram((TFloat32) result.get(i), i / 2, i % 2 == 0));
        }
      }
    }
    for (boolean before : new boolean[] {true, false}) {
      double center = left(before) + PLOT_WIDTH / 2.0;
      String title = before ? "weighted sums" : "what the sigmoid receives";
      svg.append(text(center, 28, "middle", title));
      for (int label : new int[] {-LIMIT, -STEEP, STEEP, LIMIT}) {
        String value = String.valueOf(label).replace('-', '−');
        svg.append(text(x(before, label), HEIGHT - 14, "middle", value));
      }
    }
    return svg.append("</svg>\n").toString();
  }

  private static double left(boolean before) {
    return before ? 90 : WIDTH - 20 - PLOT_WIDTH;
  }

  private static double x(boolean before, double value) {
    return left(before) + PLOT_WIDTH * (value + LIMIT) / (2 * LIMIT);
  }

  /** One layer; values beyond the limits are left out. */
  private static String histogram(TFloat32 values, int row, boolean before) {
    int[] counts = new int[BINS];
    int steep = 0;
    for (var scalar : values.scalars()) {
      float value = scalar.getFloat();
      steep += Math.abs(value) <= STEEP ? 1 : 0;
      int bin = (int) Math.floor((value + LIMIT) * BINS / (2 * LIMIT));
      if (bin >= 0 && bin < BINS) {
        counts[bin]++;
      }
    }
    int most = Arrays.stream(counts).max().orElseThrow();
    double base = TOP + (row + 1) * ROW - 12;
    StringBuilder bars = new StringBuilder(format("M%.1f %.1f", left(before), base));
    for (int i = 0; i < BINS; i++) {
      bars.append(format("V%.1fh%.3f", base - 56.0 * counts[i] / most, (double) PLOT_WIDTH / BINS));
    }
    return format(
            "<rect class=\"steep\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"60\"/>%n",
            x(before, -STEEP), base - 60, x(before, STEEP) - x(before, -STEEP))
        + format("<path class=\"%s\" d=\"%sV%.1fz\"/>%n", before ? "before" : "after", bars, base)
        + format("<path class=\"axis\" d=\"M%.1f %.1fh%d\"/>%n", left(before), base, PLOT_WIDTH)
        + (before ? text(20, base - 20, "start", "layer " + (row + 1)) : "")
        + text(
            left(before) + PLOT_WIDTH,
            base - 40,
            "end",
            format("%.0f%% in −%d…%d", 100.0 * steep / values.size(), STEEP, STEEP));
  }

  private static String text(double x, double y, String anchor, String text) {
    return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, text);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
