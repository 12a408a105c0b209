package mnist.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import mnist.TestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PictureTest {
  private static final int SIDE = 28;

  @TempDir Path folder;

  // ---- MNIST's form

  /**
   * An L with a long stem, which has neither the same width as height nor its mass in the middle.
   */
  private static BufferedImage letter(
      int type, int width, int height, Color paper, Color pen, int thickness) {
    BufferedImage picture = new BufferedImage(width, height, type);
    Graphics2D graphics = picture.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    if (paper != null) {
      graphics.setColor(paper);
      graphics.fillRect(0, 0, width, height);
    }
    graphics.setColor(pen);
    graphics.setStroke(new BasicStroke(thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    int size = Math.min(width, height);
    graphics.draw(new Line2D.Double(size * 0.3, size * 0.2, size * 0.3, size * 0.8));
    graphics.draw(new Line2D.Double(size * 0.3, size * 0.8, size * 0.6, size * 0.8));
    graphics.dispose();
    return picture;
  }

  private byte[] read(BufferedImage picture, String format) throws IOException {
    Path file = folder.resolve("picture");
    assertThat(ImageIO.write(picture, format, file.toFile())).isTrue();
    return Picture.read(file);
  }

  private static int at(byte[] image, int x, int y) {
    return Byte.toUnsignedInt(image[y * SIDE + x]);
  }

  /** White on black, 20 pixels high, with its proportions, the centre of mass in the middle. */
  private static void assertLetterInMnistsForm(byte[] image) {
    int left = SIDE;
    int right = -1;
    int top = SIDE;
    int bottom = -1;
    double mass = 0;
    double massX = 0;
    double massY = 0;
    int most = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        int grey = at(image, x, y);
        most = Math.max(most, grey);
        mass += grey;
        massX += grey * (x + 0.5);
        massY += grey * (y + 0.5);
        if (grey > 0) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y);
        }
      }
    }
    assertThat(most).isEqualTo(255);
    assertThat(bottom - top + 1).isEqualTo(20);
    assertThat(right - left + 1).isBetween(9, 14);
    assertThat(massX / mass).isCloseTo(14, within(0.5));
    assertThat(massY / mass).isCloseTo(14, within(0.5));
    // The stem is on the left, the foot at the bottom.
    assertThat(at(image, left + 1, (top + bottom) / 2)).isGreaterThan(200);
    assertThat(at(image, right - 1, bottom - 1)).isGreaterThan(100);
    assertThat(at(image, right - 1, top + 3)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"png", "gif", "bmp", "jpg"})
  void darkOnLightIsTurnedRound(String format) throws IOException {
    assertLetterInMnistsForm(
        read(letter(BufferedImage.TYPE_INT_RGB, 200, 200, Color.WHITE, Color.BLACK, 18), format));
  }

  @ParameterizedTest
  @CsvSource({"png", "gif", "bmp", "jpg"})
  void lightOnDarkIsNot(String format) throws IOException {
    assertLetterInMnistsForm(
        read(letter(BufferedImage.TYPE_INT_RGB, 200, 200, Color.BLACK, Color.WHITE, 18), format));
  }

  @Test
  void coloursBecomeGrey() throws IOException {
    Color paper = new Color(250, 240, 160);
    Color pen = new Color(30, 40, 180);
    assertLetterInMnistsForm(
        read(letter(BufferedImage.TYPE_INT_RGB, 200, 200, paper, pen, 18), "png"));
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_BYTE_GRAY,
        BufferedImage.TYPE_USHORT_GRAY,
        BufferedImage.TYPE_BYTE_BINARY,
        BufferedImage.TYPE_BYTE_INDEXED
      })
  void anyDepthWillDo(int type) throws IOException {
    assertLetterInMnistsForm(read(letter(type, 200, 200, Color.WHITE, Color.BLACK, 18), "png"));
  }

  @Test
  void inkOnATransparentGroundIsSeenWhateverItsColour() throws IOException {
    for (Color pen : new Color[] {Color.BLACK, Color.WHITE}) {
      assertLetterInMnistsForm(
          read(letter(BufferedImage.TYPE_INT_ARGB, 200, 200, null, pen, 18), "png"));
    }
  }

  @ParameterizedTest
  @CsvSource({"40, 40, 4", "1500, 1500, 100", "3000, 2500, 200", "900, 150, 14", "150, 900, 14"})
  void anySizeWillDo(int width, int height, int thickness) throws IOException {
    assertLetterInMnistsForm(
        read(
            letter(
                BufferedImage.TYPE_BYTE_GRAY, width, height, Color.WHITE, Color.BLACK, thickness),
            "png"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void aThinPenBecomesAsThickAsMnists(int thickness) throws IOException {
    byte[] image =
        read(
            letter(BufferedImage.TYPE_BYTE_GRAY, 400, 400, Color.WHITE, Color.BLACK, thickness),
            "png");
    int ink = 0;
    int row = 14;
    for (int x = 0; x < SIDE; x++) {
      ink += at(image, x, row);
    }
    assertThat(ink / 255.0).as("thickness of the stem in pixels").isBetween(1.5, 3.5);
  }

  @Test
  void noiseUnevenLightAndSpecksArePassedOver() throws IOException {
    BufferedImage picture =
        letter(
            BufferedImage.TYPE_BYTE_GRAY, 300, 300, new Color(230, 230, 230), Color.DARK_GRAY, 24);
    Random random = new Random(0);
    for (int y = 0; y < 300; y++) {
      for (int x = 0; x < 300; x++) {
        double light = 1 - 0.3 * x / 300;
        int grey = picture.getRaster().getSample(x, y, 0);
        double noisy = grey * light + 6 * random.nextGaussian();
        picture.getRaster().setSample(x, y, 0, (int) Math.max(0, Math.min(255, noisy)));
      }
    }
    for (int i = 0; i < 9; i++) {
      picture.getRaster().setSample(280, 20 + i, 0, 0); // a hair, far from the digit
    }
    assertLetterInMnistsForm(read(picture, "png"));
  }

  @Test
  void imagesInMnistsFormStayAsTheyAre() throws IOException {
    byte[] pixels = TestData.drawnDigits().test().pixels();
    int same = 0;
    for (int i = 0; i < 200; i++) {
      byte[] image = Arrays.copyOfRange(pixels, i * 784, (i + 1) * 784);
      byte[] once = read(grey(image), "png");
      byte[] twice = read(grey(once), "png");
      assertThat(twice).isEqualTo(once);
      same += Arrays.equals(once, image) ? 1 : 0;
    }
    // Drawn digits may be smaller than MNIST's or farther from the middle; most are neither.
    assertThat(same).isPositive();
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "MNIST_DATA", matches = ".*\\S.*")
  void mnistsOwnImagesStayAsTheyAre() throws IOException {
    byte[] pixels =
        new DataSets(folder, System.getenv(), TestData.SILENT)
            .open(DataSource.MNIST, Optional.empty(), 0)
            .test()
            .pixels();
    for (int i = 0; i < 1000; i++) {
      byte[] image = Arrays.copyOfRange(pixels, i * 784, (i + 1) * 784);
      assertThat(read(grey(image), "png")).as("test image %d", i).isEqualTo(image);
    }
  }

  private static BufferedImage grey(byte[] pixels) {
    BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    picture.getRaster().setDataElements(0, 0, SIDE, SIDE, pixels);
    return picture;
  }

  // ---- What is refused

  private void refused(byte[] content, String... parts) throws IOException {
    Path file = Files.write(folder.resolve("seven.png"), content);
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Picture.read(file))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .startsWith(file.toString())
                    .contains(parts)
                    .hasLineCount(1));
  }

  private static byte[] encoded(BufferedImage picture, String format) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    assertThat(ImageIO.write(picture, format, content)).isTrue();
    return content.toByteArray();
  }

  /** As noisy as a photograph, so that every part of the file matters. */
  private static BufferedImage photograph() {
    BufferedImage picture =
        letter(BufferedImage.TYPE_INT_RGB, 120, 120, Color.WHITE, Color.BLACK, 12);
    BufferedImage blurred =
        new ConvolveOp(new Kernel(2, 2, new float[] {.25f, .25f, .25f, .25f}))
            .filter(picture, null);
    Random random = new Random(1);
    for (int y = 0; y < 120; y++) {
      for (int x = 0; x < 120; x++) {
        blurred.setRGB(x, y, blurred.getRGB(x, y) ^ random.nextInt(8));
      }
    }
    return blurred;
  }

  @ParameterizedTest
  @CsvSource({"png", "gif", "bmp", "jpg"})
  void filesThatAreCutShortAreRefused(String format) throws IOException {
    byte[] whole = encoded(photograph(), format);
    for (int percent : new int[] {5, 20, 50, 90, 98}) {
      refused(Arrays.copyOf(whole, whole.length * percent / 100), "save it again");
    }
  }

  @ParameterizedTest
  @CsvSource({"png", "gif", "bmp", "jpg"})
  void noDamageEscapesAsAnythingElse(String format) throws IOException {
    byte[] whole = encoded(photograph(), format);
    Random random = new Random(2);
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      byte[] damaged = whole.clone();
      for (int k = 0; k < 3; k++) {
        damaged[random.nextInt(i % 2 == 0 ? 60 : damaged.length)] = (byte) random.nextInt();
      }
      try {
        assertThat(Picture.read(damaged, "seven")).hasSize(784);
      } catch (DataException e) {
        assertThat(e.getMessage()).startsWith("seven").hasLineCount(1);
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void whatIsNoPictureIsRefused() throws IOException {
    refused(new byte[0], "is empty");
    refused("hello".getBytes(), "is not an image: expected PNG, JPEG, GIF, BMP");
    refused(new byte[1000], "is not an image");
  }

  @Test
  void blankPicturesAreRefused() throws IOException {
    for (Color paper : new Color[] {Color.WHITE, Color.BLACK, Color.PINK}) {
      refused(
          encoded(letter(BufferedImage.TYPE_INT_RGB, 60, 60, paper, paper, 6), "png"), "is blank");
    }
    Color faint = new Color(250, 250, 250);
    refused(
        encoded(letter(BufferedImage.TYPE_INT_RGB, 60, 60, Color.WHITE, faint, 6), "png"),
        "is blank");
    refused(encoded(new BufferedImage(60, 60, BufferedImage.TYPE_INT_ARGB), "png"), "is blank");
    refused(encoded(new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY), "png"), "is blank");
  }

  /** The header of a PNG: no more than a few bytes, whatever it claims. */
  private static byte[] pngHeader(int width, int height) throws IOException {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(header);
    out.writeBytes("IHDR");
    out.writeInt(width);
    out.writeInt(height);
    out.write(new byte[] {8, 0, 0, 0, 0});
    CRC32 checksum = new CRC32();
    checksum.update(header.toByteArray());
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    DataOutputStream png = new DataOutputStream(file);
    png.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    png.writeInt(13);
    png.write(header.toByteArray());
    png.writeInt((int) checksum.getValue());
    return file.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({"100000, 100000", "2147483647, 2147483647", "1000000, 101"})
  void tooManyPixelsAreRefusedBeforeMemoryIsTaken(int width, int height) throws IOException {
    refused(
        pngHeader(width, height),
        "has " + width + " × " + height + " pixels",
        "expected at most 100 million");
  }
}
