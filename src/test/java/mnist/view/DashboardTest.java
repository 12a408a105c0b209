package mnist.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import mnist.SmallRun;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecord.BatchSnapshot;
import mnist.runs.ViewRecord.TestSnapshot;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DashboardTest {
  private static DataSet digits;
  private static ViewRecord record;
  private static Dashboard dashboard;
  private static Dashboard closeUp;

  @BeforeAll
  static void train(@TempDir Path temp) throws Exception {
    digits = TestData.drawnDigits();
    Path run = SmallRun.in(temp.resolve("run"));
    record = ViewRecord.read(run);
    dashboard = Dashboard.of(run, record, Optional.of(digits), 1920, 1080);
    closeUp = Dashboard.of(run, record, Optional.of(digits), 1920, 1080, true);
  }

  @Test
  void misclassifiedImagesComeFirstOnRed() {
    assertThat(dashboard.iterations()).hasSize(6).hasSameSizeAs(record.batches());
    for (int i = 0; i < 6; i++) {
      BufferedImage picture = dashboard.draw(dashboard.iterations().get(i));
      BatchSnapshot batch = record.batches().get(i);
      assertRed(picture, dashboard.batch(), wrong(batch.labels(), batch.predictions()));
      TestSnapshot test = record.tests().get(i);
      int wrong = wrong(digits.test().labels(), test.predictions());
      assertRed(picture, dashboard.test(), Math.min(1000, wrong));
      assertThat(test.measurement().accuracy()).isEqualTo(1 - wrong / 10_000f, within(1e-6f));
    }
  }

  private static int wrong(byte[] labels, byte[] predictions) {
    return (int) IntStream.range(0, labels.length).filter(i -> labels[i] != predictions[i]).count();
  }

  private static void assertRed(BufferedImage picture, ImageGrid grid, int expected) {
    int[] red =
        IntStream.range(0, grid.cells())
            .filter(i -> Arrays.stream(pixels(picture, grid.cell(i))).anyMatch(is(Theme.WRONG)))
            .toArray();
    assertThat(red).isEqualTo(IntStream.range(0, expected).toArray());
  }

  private static IntPredicate is(Color color) {
    return pixel -> pixel == color.getRGB();
  }

  private static int[] pixels(BufferedImage picture, Rectangle part) {
    return picture.getRGB(part.x, part.y, part.width, part.height, null, 0, part.width);
  }

  @Test
  void theLabelIsAtTheLeftAndThePredictionAtTheRight() {
    int[] sevenClassifiedAsOne = marks(7, 1);
    assertThat(left(sevenClassifiedAsOne))
        .isEqualTo(left(marks(7, 4)))
        .isNotEqualTo(left(marks(1, 7)));
    assertThat(right(sevenClassifiedAsOne))
        .isEqualTo(right(marks(4, 1)))
        .isNotEqualTo(right(marks(1, 7)));
  }

  /** One cell of 50 × 40 pixels without its image. */
  private static int[] marks(int label, int prediction) {
    BufferedImage cell = new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = cell.createGraphics();
    new ImageGrid(new Rectangle(50, 40), 1, 1, Optional.empty())
        .draw(cell, g, new int[1], new byte[] {(byte) label}, new byte[] {(byte) prediction});
    return pixels(cell, new Rectangle(50, 40));
  }

  private static int[] left(int[] cell) {
    return IntStream.range(0, cell.length).filter(i -> i % 50 < 25).map(i -> cell[i]).toArray();
  }

  private static int[] right(int[] cell) {
    return IntStream.range(0, cell.length).filter(i -> i % 50 >= 25).map(i -> cell[i]).toArray();
  }

  @Test
  void aCorrectlyClassifiedImageIsBlackOnWhiteAtAnySize() {
    byte[] pixels = digits.test().pixels();
    int[] drawn = drawnRight(28);
    int[] expected = IntStream.range(0, 784).map(i -> 255 - (pixels[784 + i] & 255)).toArray();
    assertThat(drawn).isEqualTo(expected);
    for (int side : new int[] {6, 13, 40}) {
      assertThat(Arrays.stream(drawnRight(side)).average().orElseThrow())
          .isEqualTo(Arrays.stream(expected).average().orElseThrow(), within(2.0));
    }
  }

  /** The second test image in a cell of its size. */
  private static int[] drawnRight(int side) {
    BufferedImage cell = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = cell.createGraphics();
    g.fillRect(0, 0, side, side); // in white
    byte[] seven = {7};
    new ImageGrid(new Rectangle(side, side), 1, 1, Optional.of(digits.test()))
        .draw(cell, g, new int[] {1}, seven, seven);
    return Arrays.stream(pixels(cell, new Rectangle(side, side))).map(p -> p & 255).toArray();
  }

  @Test
  void curvesPassThroughTheMeasurementsUpToTheIteration() {
    TestSnapshot snapshot = record.tests().get(2);
    int iteration = snapshot.measurement().iteration();
    BufferedImage atEnd = dashboard.draw(SmallRun.LAST);
    BufferedImage before = dashboard.draw(iteration);
    for (Curves curves : List.of(dashboard.accuracy(), dashboard.loss())) {
      double value =
          curves == dashboard.loss()
              ? snapshot.measurement().loss()
              : snapshot.measurement().accuracy();
      int x = (int) curves.x(iteration);
      for (BufferedImage picture : List.of(atEnd, before)) {
        assertThat(heights(picture, curves, x - 1).average().orElseThrow())
            .isEqualTo(curves.y(value), within(3.0));
      }
      assertThat(heights(atEnd, curves, x + 30)).isNotEmpty();
      assertThat(heights(before, curves, x + 30)).isEmpty();
    }
  }

  @Test
  void aCloseUpHasALogarithmicLossFewerDigitsAndAccuraciesFrom90Percent() {
    Rectangle area = closeUp.accuracy().area();
    assertThat(closeUp.accuracy().y(1)).isEqualTo(area.y, within(0.5));
    assertThat(closeUp.accuracy().y(0.9)).isEqualTo(area.getMaxY(), within(0.5));
    assertThat(closeUp.loss().y(1))
        .isEqualTo(closeUp.loss().y(10) * 2 - closeUp.loss().y(100), within(0.5));
    assertThat(closeUp.test().cells()).isLessThan(dashboard.test().cells());

    TestSnapshot last = record.tests().get(record.tests().size() - 1);
    int x = (int) closeUp.loss().x(SmallRun.LAST) - 1;
    assertThat(heights(closeUp.draw(SmallRun.LAST), closeUp.loss(), x).average().orElseThrow())
        .isEqualTo(closeUp.loss().y(last.measurement().loss()), within(3.0));
  }

  /** Where a column of a panel has the color of the test curve. */
  private static IntStream heights(BufferedImage picture, Curves curves, int x) {
    Rectangle area = curves.area();
    return IntStream.range(area.y, (int) area.getMaxY())
        .filter(y -> picture.getRGB(x, y) == Theme.TEST.getRGB());
  }

  @Test
  void bandsAreNestedAndTheInnermostIsDarkest() {
    BufferedImage picture = dashboard.draw(SmallRun.LAST);
    BatchSnapshot snapshot = record.batches().get(3);
    for (int panel = 0; panel < 2; panel++) {
      Curves curves = dashboard.bands().get(panel);
      float[] boundaries =
          snapshot.quantiles()[panel][0]; // weights and biases are the first groups
      int x = (int) Math.round(curves.x(snapshot.measurement().iteration())) + 1; // beside the grid
      List<Integer> brightness = new ArrayList<>();
      brightness.add(red(picture, x, curves.y(boundaries[0]) + 3));
      for (int i = 0; i < 4; i++) {
        double low = curves.y(boundaries[i]);
        double next = curves.y(boundaries[i + 1]);
        brightness.add(red(picture, x, (low + next) / 2));
        // What lies opposite belongs to the same band.
        if (i < 3) {
          assertThat(
                  red(picture, x, (curves.y(boundaries[7 - i]) + curves.y(boundaries[6 - i])) / 2))
              .isCloseTo(brightness.get(i + 1), within(20));
        }
      }
      for (int i = 1; i < brightness.size(); i++) {
        assertThat(brightness.get(i))
            .as("band %d of panel %d", i, 4 + panel)
            .isLessThan(brightness.get(i - 1));
      }
    }
  }

  private static int red(BufferedImage picture, int x, double y) {
    return picture.getRGB(x, (int) Math.round(y)) >> 16 & 255;
  }
}
