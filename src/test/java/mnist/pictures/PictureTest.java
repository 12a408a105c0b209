package mnist.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.geom.Line2D;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.ConvolveOp;
import java.awt.image.DataBuffer;
import java.awt.image.Kernel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import mnist.TestData;
import mnist.data.DataException;
import mnist.sources.DataSets;
import mnist.sources.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
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
    // Where it is in MNIST's own images: 14 to 15.
    assertThat(massX / mass).isCloseTo(14.5, within(0.5));
    assertThat(massY / mass).isCloseTo(14.5, within(0.5));
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
  void coloursOfOneBrightnessAreToldApart() throws IOException {
    assertLetterInMnistsForm(
        read(
            letter(
                BufferedImage.TYPE_INT_RGB,
                200,
                200,
                new Color(0, 80, 255),
                new Color(255, 0, 0),
                18),
            "png"));
  }

  /** A JPEG as a phone writes it: the pixels as the sensor lies, and a tag that says how. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 65535}) // the last three mean nothing
  void photographsAreTurnedUpright(int orientation) throws IOException {
    BufferedImage upright =
        letter(BufferedImage.TYPE_INT_RGB, 240, 200, Color.WHITE, Color.BLACK, 18);
    boolean onItsSide = orientation >= 5 && orientation <= 8;
    BufferedImage stored =
        new BufferedImage(onItsSide ? 200 : 240, onItsSide ? 240 : 200, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 200; y++) {
      for (int x = 0; x < 240; x++) {
        int pixel = upright.getRGB(x, y);
        switch (orientation) {
          case 2 -> stored.setRGB(239 - x, y, pixel);
          case 3 -> stored.setRGB(239 - x, 199 - y, pixel);
          case 4 -> stored.setRGB(x, 199 - y, pixel);
          case 5 -> stored.setRGB(y, x, pixel);
          case 6 -> stored.setRGB(y, 239 - x, pixel);
          case 7 -> stored.setRGB(199 - y, 239 - x, pixel);
          case 8 -> stored.setRGB(199 - y, x, pixel);
          default -> stored.setRGB(x, y, pixel);
        }
      }
    }
    byte[] jpeg = encoded(stored, "jpg");
    ByteArrayOutputStream tagged = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(tagged);
    out.write(jpeg, 0, 2); // start of image
    out.writeShort(0xffe1); // APP1
    out.writeShort(2 + 6 + 8 + 2 + 12 + 4);
    out.writeBytes("Exif\0\0MM\0*");
    out.writeInt(8); // where the directory begins
    out.writeShort(1); // its entries
    out.writeShort(0x0112); // orientation
    out.writeShort(3); // a short
    out.writeInt(1); // one of them
    out.writeShort(orientation);
    out.writeShort(0);
    out.writeInt(0); // no further directory
    out.write(jpeg, 2, jpeg.length - 2);

    assertLetterInMnistsForm(Picture.read(tagged.toByteArray(), "photo"));
  }

  @Test
  void otherFormatsThatJavaKnowsAreRefused() throws IOException {
    byte[] tiff =
        encoded(letter(BufferedImage.TYPE_INT_RGB, 60, 60, Color.WHITE, Color.BLACK, 6), "tiff");
    refused(tiff, "is not an image: expected PNG, JPEG, GIF, BMP");
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
    for (Color pen :
        new Color[] {
          Color.BLACK, Color.GRAY, Color.YELLOW, new Color(250, 250, 250), Color.WHITE
        }) {
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

  @ParameterizedTest
  @CsvSource({"0.6, 0, 0", "0, -0.6, 0", "0.4, 0.4, 0", "0, 0, 0.6", "0.3, -0.2, 0.3"})
  void lightMayFallUnevenly(double slopeX, double slopeY, double darkerInCorners)
      throws IOException {
    for (Color[] colours :
        new Color[][] {{Color.LIGHT_GRAY, Color.DARK_GRAY}, {Color.DARK_GRAY, Color.LIGHT_GRAY}}) {
      BufferedImage picture =
          letter(BufferedImage.TYPE_BYTE_GRAY, 300, 300, colours[0], colours[1], 24);
      light(picture, slopeX, slopeY, darkerInCorners);
      assertLetterInMnistsForm(read(picture, "png"));
    }
  }

  /** Most of such a picture is ink, some of it at the edge. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void theDigitMayFillThePicture(int margin) throws IOException {
    BufferedImage picture =
        letter(BufferedImage.TYPE_BYTE_GRAY, 200, 200, Color.WHITE, Color.BLACK, 24)
            .getSubimage(48 - margin, 28 - margin, 84 + 2 * margin, 144 + 2 * margin);
    assertLetterInMnistsForm(read(picture, "png"));
    BufferedImage one = new BufferedImage(20 + 2 * margin, 140, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D graphics = one.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, one.getWidth(), one.getHeight());
    graphics.setPaint(
        new GradientPaint(
            margin, 0, Color.LIGHT_GRAY, margin + 10, 0, Color.BLACK, true)); // soft edges
    graphics.fillRect(margin, 4, 20, 132);
    graphics.dispose();
    byte[] image = read(one, "png");
    assertThat(at(image, 14, 14)).isEqualTo(255);
    assertThat(at(image, 7, 14)).isZero();
    assertThat(at(image, 21, 14)).isZero();
  }

  @Test
  void unevenLightAloneIsNoDigit() throws IOException {
    BufferedImage picture =
        letter(BufferedImage.TYPE_BYTE_GRAY, 300, 300, Color.LIGHT_GRAY, Color.LIGHT_GRAY, 24);
    light(picture, 0.4, -0.2, 0.3);
    refused(encoded(picture, "png"), "is blank");
  }

  private static void light(
      BufferedImage picture, double slopeX, double slopeY, double darkerInCorners) {
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        double across = (double) x / picture.getWidth() - 0.5;
        double down = (double) y / picture.getHeight() - 0.5;
        double light =
            1
                + slopeX * across
                + slopeY * down
                - 2 * darkerInCorners * (across * across + down * down);
        double lit = picture.getRaster().getSample(x, y, 0) * light;
        picture.getRaster().setSample(x, y, 0, (int) Math.min(255, lit));
      }
    }
  }

  @Test
  void theFirstPictureOfAnAnimationCounts() throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(content)) {
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
      for (Color pen : new Color[] {Color.BLACK, Color.WHITE}) { // the second one is blank
        BufferedImage frame =
            letter(BufferedImage.TYPE_BYTE_INDEXED, 200, 200, Color.WHITE, pen, 18);
        writer.writeToSequence(new IIOImage(frame, null, null), null);
      }
      writer.endWriteSequence();
    }
    writer.dispose();
    assertLetterInMnistsForm(Picture.read(content.toByteArray(), "animation"));
  }

  @Test
  void aStripAsThinAsCanBeIsRead() throws IOException {
    BufferedImage strip = new BufferedImage(1, 1_000_000, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 400_000; y < 600_000; y++) {
      strip.getRaster().setSample(0, y, 0, 255);
    }
    assertThat(at(read(strip, "png"), 14, 14)).isEqualTo(255);
  }

  private static Stream<Path> handMade() throws IOException {
    try (Stream<Path> pictures = Files.list(Path.of("src/test/resources/mnist/pictures"))) {
      return pictures.toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource
  void handMade(Path file) throws IOException {
    byte[] image = Picture.read(file);
    double ink = 0;
    int frame = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        ink += at(image, x, y) / 255.0;
        boolean outside = x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1;
        frame += outside ? at(image, x, y) : 0;
      }
    }
    assertThat(frame).isZero();
    // MNIST's digits have ink for 20 to 290 pixels, hardly any more than 220.
    assertThat(ink).isBetween(30.0, 220.0);
    assertThat(Picture.read(encoded(grey(image), "png"), "again")).isEqualTo(image);
  }

  /** Any conversion of the shades would change some. */
  @Test
  void shadesOfGreyStayAsTheyAreWithTransparencyToo() throws IOException {
    byte[] image =
        read(letter(BufferedImage.TYPE_BYTE_GRAY, 90, 90, Color.WHITE, Color.BLACK, 9), "png");
    assertThat(read(greyWithAlpha(image), "png")).isEqualTo(image);
  }

  /** Opaque, but a channel says so. */
  private static BufferedImage greyWithAlpha(byte[] pixels) {
    ColorModel colours =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            true,
            false,
            Transparency.TRANSLUCENT,
            DataBuffer.TYPE_BYTE);
    WritableRaster raster = colours.createCompatibleWritableRaster(SIDE, SIDE);
    for (int i = 0; i < pixels.length; i++) {
      raster.setPixel(i % SIDE, i / SIDE, new int[] {Byte.toUnsignedInt(pixels[i]), 255});
    }
    return new BufferedImage(colours, raster, false, null);
  }

  /** Its mass so far at one side that it would be cut off in the middle. */
  @Test
  void lopsidedPicturesComeOutTheSameWhenReadAgain() throws IOException {
    for (boolean left : new boolean[] {true, false}) {
      BufferedImage picture = new BufferedImage(200, 200, BufferedImage.TYPE_BYTE_GRAY);
      Graphics2D graphics = picture.createGraphics();
      graphics.fillRect(left ? 40 : 140, 20, 20, 160);
      graphics.fillRect(40, 90, 120, 4);
      graphics.dispose();
      byte[] once = read(picture, "png");
      assertThat(read(grey(once), "png")).isEqualTo(once);
    }
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
            .open(DataSource.MNIST, Optional.empty())
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

  /** Of large pictures some rows are passed over, which must not hide that others are missing. */
  @ParameterizedTest
  @CsvSource({"png", "gif", "bmp", "jpg"})
  void largeFilesThatAreCutShortAreRefused(String format) throws IOException {
    byte[] whole =
        encoded(
            letter(BufferedImage.TYPE_BYTE_GRAY, 2100, 2100, Color.WHITE, Color.BLACK, 180),
            format);
    assertLetterInMnistsForm(Picture.read(whole, "whole"));
    for (int percent : new int[] {50, 90}) {
      refused(Arrays.copyOf(whole, whole.length * percent / 100), "save it again");
    }
  }

  /** Each scan of a progressive JPEG refines the whole picture. */
  @Test
  void progressiveJpegsThatLackScansAreRefused() throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam progressive = writer.getDefaultWriteParam();
    progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(content)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(photograph(), null, null), progressive);
    }
    writer.dispose();
    byte[] whole = content.toByteArray();
    int scans = 0;
    for (int i = 1; i < whole.length - 1; i++) {
      if (whole[i] == (byte) 0xff && whole[i + 1] == (byte) 0xda && scans++ > 0) {
        refused(Arrays.copyOf(whole, i), "is cut short; save it again");
      }
    }
    assertThat(scans).isGreaterThan(2);
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
    byte[] nearlyBlack = new byte[784]; // otherwise in MNIST's form
    for (int y = 4; y < 24; y++) {
      nearlyBlack[y * SIDE + 14] = 3;
    }
    refused(encoded(grey(nearlyBlack), "png"), "is blank");
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
