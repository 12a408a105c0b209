package mnist.images;

import static java.awt.Color.BLACK;
import static java.awt.Color.DARK_GRAY;
import static java.awt.Color.GRAY;
import static java.awt.Color.LIGHT_GRAY;
import static java.awt.Color.PINK;
import static java.awt.Color.RED;
import static java.awt.Color.WHITE;
import static java.awt.Color.YELLOW;
import static java.awt.Transparency.TRANSLUCENT;
import static java.awt.color.ColorSpace.CS_GRAY;
import static java.awt.color.ColorSpace.getInstance;
import static java.awt.image.BufferedImage.TYPE_BYTE_BINARY;
import static java.awt.image.BufferedImage.TYPE_BYTE_GRAY;
import static java.awt.image.BufferedImage.TYPE_BYTE_INDEXED;
import static java.awt.image.BufferedImage.TYPE_INT_ARGB;
import static java.awt.image.BufferedImage.TYPE_INT_RGB;
import static java.awt.image.BufferedImage.TYPE_USHORT_GRAY;
import static java.awt.image.DataBuffer.TYPE_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Area;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import mnist.TestData;
import mnist.bench.JpegScans;
import mnist.data.DataException;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
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

  private final List<String> warnings = new ArrayList<>();

  // ---- MNIST's form

  /**
   * An L with a long stem: its width and height differ, and its center of mass is not in the
   * middle.
   */
  private static BufferedImage letter(
      int type, int width, int height, Color paper, Color pen, int thickness) {
    BufferedImage picture = new BufferedImage(width, height, type);
    Graphics2D graphics = picture.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setColor(paper);
    graphics.fillRect(0, 0, width, height);
    graphics.setColor(pen);
    graphics.setStroke(new BasicStroke(thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    int tenth = Math.min(width, height) / 10;
    int[] x = {3 * tenth, 3 * tenth, 6 * tenth};
    int[] y = {2 * tenth, 8 * tenth, 8 * tenth};
    graphics.drawPolyline(x, y, 3);
    graphics.dispose();
    return picture;
  }

  private static BufferedImage letter(int type, Color paper, Color pen) {
    return letter(type, 200, 200, paper, pen, 18);
  }

  private static byte[] encoded(BufferedImage picture, String format) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    assertThat(ImageIO.write(picture, format, content)).isTrue();
    return content.toByteArray();
  }

  private byte[] read(BufferedImage picture) throws IOException {
    return Picture.read(encoded(picture, "png"), "picture", warnings::add);
  }

  private static int at(byte[] image, int x, int y) {
    return Byte.toUnsignedInt(image[y * SIDE + x]);
  }

  /** White on black, 20 pixels high, with its aspect ratio, centered by its center of mass. */
  private static void assertNormalizedLetter(byte[] image) {
    int left = SIDE;
    int right = -1;
    int top = SIDE;
    int bottom = -1;
    double mass = 0;
    double massX = 0;
    double massY = 0;
    int max = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        int value = at(image, x, y);
        max = Math.max(max, value);
        mass += value;
        massX += value * (x + 0.5);
        massY += value * (y + 0.5);
        if (value > 0) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = y;
        }
      }
    }
    assertThat(max).isEqualTo(255);
    assertThat(bottom - top + 1).isEqualTo(20);
    assertThat(right - left + 1).isBetween(9, 14);
    // As in MNIST's own images: 14 to 15.
    assertThat(massX / mass).isCloseTo(14.5, within(0.5));
    assertThat(massY / mass).isCloseTo(14.5, within(0.5));
    // The stem is on the left, the foot at the bottom.
    assertThat(at(image, left + 1, (top + bottom) / 2)).isGreaterThan(200);
    assertThat(at(image, right - 1, bottom - 1)).isGreaterThan(100);
    assertThat(at(image, right - 1, top + 3)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "bmp", "jpg"})
  void invertsDarkOnLightOnly(String format) throws IOException {
    BufferedImage dark = letter(TYPE_INT_RGB, WHITE, BLACK);
    assertNormalizedLetter(Picture.read(encoded(dark, format), "dark", warnings::add));
    BufferedImage light = letter(TYPE_INT_RGB, BLACK, WHITE);
    assertNormalizedLetter(Picture.read(encoded(light, format), "light", warnings::add));
  }

  private static Stream<BufferedImage> readsAnyColorsDepthAndSize() {
    Color clear = new Color(0, true);
    Color nearlyWhite = new Color(250, 250, 250);
    return Stream.of(
            Stream.of(BLACK, GRAY, YELLOW, nearlyWhite, WHITE)
                .map(pen -> letter(TYPE_INT_ARGB, clear, pen)),
            Stream.of(TYPE_BYTE_GRAY, TYPE_USHORT_GRAY, TYPE_BYTE_BINARY, TYPE_BYTE_INDEXED)
                .map(type -> letter(type, WHITE, BLACK)),
            Stream.of(
                letter(TYPE_INT_RGB, new Color(250, 240, 160), new Color(30, 40, 180)),
                letter(TYPE_INT_RGB, new Color(0, 80, 255), RED), // equally bright
                letter(TYPE_BYTE_GRAY, 40, 40, WHITE, BLACK, 4),
                letter(TYPE_BYTE_GRAY, 1500, 1500, WHITE, BLACK, 100),
                letter(TYPE_BYTE_GRAY, 3000, 2500, WHITE, BLACK, 200),
                letter(TYPE_BYTE_GRAY, 900, 150, WHITE, BLACK, 14),
                letter(TYPE_BYTE_GRAY, 150, 900, WHITE, BLACK, 14)))
        .flatMap(pictures -> pictures);
  }

  @ParameterizedTest
  @MethodSource
  void readsAnyColorsDepthAndSize(BufferedImage picture) throws IOException {
    assertNormalizedLetter(read(picture));
  }

  /**
   * JPEGs as phones write them: pixels in the sensor's orientation, and a tag with this
   * orientation.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 65535}) // the last three are invalid
  void rotatesPhotographsUpright(int orientation) throws IOException {
    BufferedImage upright = letter(TYPE_INT_RGB, 240, 200, WHITE, BLACK, 18);
    boolean onItsSide = orientation >= 5 && orientation <= 8;
    BufferedImage stored =
        new BufferedImage(onItsSide ? 200 : 240, onItsSide ? 240 : 200, TYPE_INT_RGB);
    for (int i = 0; i < 240 * 200; i++) {
      int x = List.of(2, 3, 6, 7).contains(orientation) ? 239 - i % 240 : i % 240;
      int y = List.of(3, 4, 7, 8).contains(orientation) ? 199 - i / 240 : i / 240;
      stored.setRGB(onItsSide ? y : x, onItsSide ? x : y, upright.getRGB(i % 240, i / 240));
    }
    String exif = // one entry, "orientation", a short, in a big-endian TIFF of 26 bytes
        "4d4d002a00000008 0001 0112 0003 00000001 %04x0000 00000000".formatted(orientation);
    byte[] jpeg = inserted(encoded(stored, "jpg"), 2, "ffe10022 457869660000" + exif); // in APP1
    assertNormalizedLetter(Picture.read(jpeg, "photo", warnings::add));
    byte[] png = encoded(stored, "png");
    String chunk = "0000001a 65584966" + exif + "00000000"; // eXIf; no checksum, which nobody reads
    assertNormalizedLetter(
        Picture.read(inserted(png, 33, chunk), "before the image", warnings::add));
    assertNormalizedLetter(
        Picture.read(inserted(png, png.length - 12, chunk), "after the image", warnings::add));
  }

  private static byte[] inserted(byte[] content, int at, String hex) {
    byte[] part = HexFormat.of().parseHex(hex.replace(" ", ""));
    return ByteBuffer.allocate(content.length + part.length)
        .put(content, 0, at)
        .put(part)
        .put(content, at, content.length - at)
        .array();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void thickensThinStrokes(int thickness) throws IOException {
    byte[] image = read(letter(TYPE_BYTE_GRAY, 400, 400, WHITE, BLACK, thickness));
    int ink = 0;
    for (int x = 0; x < SIDE; x++) {
      ink += at(image, x, 14);
    }
    assertThat(ink / 255.0).as("thickness of the stem in pixels").isBetween(1.5, 3.5);
  }

  private static void light(
      BufferedImage picture, double slopeX, double slopeY, double darkerInCorners, double noise) {
    Random random = new Random(0);
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        double across = (double) x / picture.getWidth() - 0.5;
        double down = (double) y / picture.getHeight() - 0.5;
        double corner = across * across + down * down;
        double light = 1 + slopeX * across + slopeY * down - 2 * darkerInCorners * corner;
        double lit = picture.getRaster().getSample(x, y, 0) * light + noise * random.nextGaussian();
        picture.getRaster().setSample(x, y, 0, (int) Math.max(0, Math.min(255, lit)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.6, 0, 0, 0",
    "0, -0.6, 0, 0",
    "0.4, 0.4, 0, 0",
    "0, 0, 0.6, 0",
    "0.3, -0.2, 0.3, 0",
    "-0.3, 0, 0, 6"
  })
  void ignoresUnevenLightNoiseAndSpecks(
      double slopeX, double slopeY, double darkerInCorners, double noise) throws IOException {
    for (Color pen : List.of(DARK_GRAY, LIGHT_GRAY)) {
      Color paper = pen == DARK_GRAY ? LIGHT_GRAY : DARK_GRAY;
      BufferedImage picture = letter(TYPE_BYTE_GRAY, 300, 300, paper, pen, 24);
      light(picture, slopeX, slopeY, darkerInCorners, noise);
      for (int y = 20; noise > 0 && y < 29; y++) { // a hair, far from the digit
        picture.getRaster().setSample(280, y, 0, pen.getRed());
      }
      assertNormalizedLetter(read(picture));
    }
    BufferedImage blank = letter(TYPE_BYTE_GRAY, LIGHT_GRAY, LIGHT_GRAY);
    light(blank, slopeX, slopeY, darkerInCorners, 0);
    assertRejected(encoded(blank, "png"), "is blank");
  }

  /** Most of such a picture is ink, some of it at its border. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void readsADigitThatFillsThePicture(int margin) throws IOException {
    assertNormalizedLetter(
        read(
            letter(TYPE_BYTE_GRAY, 200, 200, WHITE, BLACK, 24)
                .getSubimage(48 - margin, 28 - margin, 84 + 2 * margin, 144 + 2 * margin)));
    BufferedImage one = letter(TYPE_BYTE_GRAY, 20 + 2 * margin, 140, WHITE, WHITE, 1);
    Graphics2D graphics = one.createGraphics();
    graphics.setPaint(
        new GradientPaint(margin, 0, LIGHT_GRAY, margin + 10, 0, BLACK, true)); // soft edges
    graphics.fillRect(margin, 4, 20, 132);
    graphics.dispose();
    byte[] image = read(one);
    assertThat(at(image, 14, 14)).isEqualTo(255);
    assertThat(at(image, 7, 14)).isZero();
    assertThat(at(image, 21, 14)).isZero();
  }

  @Test
  void readsAStripOnePixelWide() throws IOException {
    BufferedImage strip = new BufferedImage(1, 200_000, TYPE_BYTE_GRAY);
    for (int y = 80_000; y < 120_000; y++) {
      strip.getRaster().setSample(0, y, 0, 255);
    }
    assertThat(at(read(strip), 14, 14)).isEqualTo(255);
  }

  @Test
  void limitsTheScansOfAJpeg() throws IOException {
    BufferedImage letter = letter(TYPE_INT_RGB, WHITE, BLACK);
    long pixels = (long) letter.getWidth() * letter.getHeight();
    byte[] jpeg = JpegScans.progressive(letter);
    byte[] scans = JpegScans.repeat(jpeg, 100);
    assertThat(Picture.read(jpeg, "a.jpg", pixels, warnings::add)).hasSize(784);
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Picture.read(scans, "a.jpg", pixels, warnings::add))
        .withMessageMatching("a.jpg has .* pixels in 1\\d\\d scans, expected at most 15; .*");
    assertThat(Picture.read(scans, "a.jpg", warnings::add))
        .hasSize(784); // in a large one it would be too many
  }

  @Test
  void readsTheFirstFrameOfAnAnimation() throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(content)) {
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
      for (Color pen : List.of(BLACK, WHITE)) { // the second one is blank
        BufferedImage frame = letter(TYPE_BYTE_INDEXED, WHITE, pen);
        writer.writeToSequence(new IIOImage(frame, null, null), null);
      }
      writer.endWriteSequence();
    }
    assertNormalizedLetter(Picture.read(content.toByteArray(), "animation", warnings::add));
  }

  // ---- Photographs

  /** Draws something else onto a picture of 800 × 800 pixels. */
  private interface Drawing {
    void draw(Graphics2D graphics);
  }

  private static BufferedImage letterWith(Drawing drawing) {
    BufferedImage picture = letter(TYPE_BYTE_GRAY, 800, 800, LIGHT_GRAY, DARK_GRAY, 60);
    Graphics2D graphics = picture.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setColor(DARK_GRAY);
    drawing.draw(graphics);
    graphics.dispose();
    return picture;
  }

  /** All that is outside of a rectangle, which is turned by some degrees. */
  private static Area outside(int margin, int degrees) {
    Area area = new Area(new Rectangle(-100, -100, 1000, 1000));
    Rectangle paper = new Rectangle(margin, margin, 800 - 2 * margin, 800 - 2 * margin);
    area.subtract(
        new Area(
            AffineTransform.getRotateInstance(Math.toRadians(degrees), 400, 400)
                .createTransformedShape(paper)));
    return area;
  }

  private static Drawing table(int gray, int margin, int degrees) {
    return graphics -> {
      graphics.setColor(new Color(gray, gray, gray));
      graphics.fill(outside(margin, degrees));
    };
  }

  private static Drawing frame(int gray, int margin, int thickness, int degrees) {
    return graphics -> {
      Area frame = outside(margin + thickness, degrees);
      frame.subtract(outside(margin, degrees));
      graphics.setColor(new Color(gray, gray, gray));
      graphics.fill(frame);
    };
  }

  private static Drawing shadow(float darkness, int... corners) {
    return graphics -> {
      Polygon shadow = new Polygon();
      for (int i = 0; i < corners.length; i += 2) {
        shadow.addPoint(corners[i], corners[i + 1]);
      }
      graphics.setColor(new Color(0, 0, 0, darkness));
      graphics.fill(shadow);
    };
  }

  private static Drawing lines(int gray, int distance, int thickness, boolean isSquared) {
    return graphics -> {
      graphics.setColor(new Color(gray, gray, gray));
      for (int i = 0; i < 800; i += distance) {
        graphics.fillRect(0, i, 800, thickness);
        graphics.fillRect(i, 0, isSquared ? thickness : 0, 800);
      }
    };
  }

  private static Stream<Drawing> findsTheDigitOnAPhotograph() {
    return Stream.of(
        table(20, 70, 0),
        table(90, 80, 7),
        table(150, 60, -11),
        frame(20, 0, 1, 0),
        frame(60, 0, 8, 0),
        frame(30, 0, 50, 0),
        frame(60, 20, 3, 0),
        frame(20, 30, 30, 0),
        frame(60, 60, 10, 8),
        shadow(0.5f, 600, 0, 400, 800, 800, 800, 800, 0),
        shadow(0.4f, 0, 0, 0, 800, 300, 800, 200, 0),
        shadow(0.6f, 0, 500, 0, 800, 800, 800, 800, 300),
        lines(150, 80, 2, true),
        lines(64, 80, 3, true),
        lines(120, 50, 4, false),
        lines(64, 110, 5, false),
        graphics -> { // a sheet with a frame on a table
          frame(50, 80, 6, 4).draw(graphics);
          table(30, 40, 4).draw(graphics);
        });
  }

  @ParameterizedTest
  @MethodSource
  void findsTheDigitOnAPhotograph(Drawing others) throws IOException {
    BufferedImage picture = letterWith(others);
    light(picture, 0, 0, 0, 2);
    assertNormalizedLetter(read(picture));
    assertThat(warnings).isEmpty();
  }

  /** The hole of a 0 with straight sides is not a 1 on paper. */
  @Test
  void doesNotTakeA0ForAFrame() throws IOException {
    for (int thickness : new int[] {40, 80, 110}) {
      BufferedImage picture = letter(TYPE_BYTE_GRAY, 800, 800, WHITE, WHITE, 1);
      Graphics2D graphics = picture.createGraphics();
      graphics.setColor(BLACK);
      graphics.setStroke(new BasicStroke(thickness));
      graphics.drawRoundRect(250, 100, 300, 550, 60, 60);
      graphics.dispose();
      byte[] image = read(picture);
      assertThat(at(image, 14, 14)).isLessThan(40);
      assertThat(at(image, 14, 5)).isGreaterThan(200);
      assertThat(warnings).isEmpty();
    }
  }

  private void assertWarnings(Drawing others, String... expected) throws IOException {
    warnings.clear();
    read(letterWith(others));
    assertThat(warnings).containsExactly(expected);
  }

  @Test
  void warnsOfWhatMayNotBeTheDigit() throws IOException {
    String several = "there is more than one thing in the picture";
    String atBorder = "ink touches the border of the picture";
    assertWarnings(graphics -> graphics.fillRect(700, 200, 40, 400), several);
    assertWarnings(graphics -> graphics.fillOval(600, 200, 100, 350), several);
    assertWarnings(
        graphics -> {
          graphics.setTransform(AffineTransform.getScaleInstance(0.5, 0.5));
          graphics.drawImage(letterWith(none -> {}), 0, 0, null);
          graphics.drawImage(letterWith(none -> {}), 0, 800, null);
          graphics.setColor(LIGHT_GRAY);
          graphics.fillRect(800, 0, 800, 1600);
        },
        several);
    assertWarnings(graphics -> graphics.fillRect(200, 640, 600, 40), atBorder);
    assertWarnings(
        graphics -> graphics.fillRect(200, 200, 440, 440),
        "the ink covers an area instead of forming strokes");
    // A 5 may have its bar apart from the rest, a 4 its stem.
    assertWarnings(graphics -> graphics.fillRect(300, 100, 300, 40));
    assertWarnings(graphics -> graphics.fillRect(400, 300, 40, 200));
  }

  private static Stream<Path> normalizesHandmadePictures() throws IOException {
    try (Stream<Path> pictures = Files.list(Path.of("src/test/resources/mnist/pictures"))) {
      return pictures.toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource
  void normalizesHandmadePictures(Path file) throws IOException {
    byte[] image = Picture.read(file);
    double ink = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        ink += at(image, x, y) / 255.0;
        if (x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1) {
          assertThat(at(image, x, y)).isZero();
        }
      }
    }
    // The ink of MNIST's digits amounts to 20 to 290 pixels, rarely more than 220.
    assertThat(ink).isBetween(30.0, 220.0);
    assertThat(read(gray(image))).isEqualTo(image);
    Picture.read(Files.readAllBytes(file), "picture", warnings::add);
    assertThat(warnings).isEmpty();
  }

  // ---- Images already in MNIST's form

  private static BufferedImage gray(byte[] pixels) {
    BufferedImage picture = new BufferedImage(SIDE, SIDE, TYPE_BYTE_GRAY);
    picture.getRaster().setDataElements(0, 0, SIDE, SIDE, pixels);
    return picture;
  }

  /** Opaque, but with an alpha channel: any conversion of the gray values would change some. */
  @Test
  void keepsGrayValuesWithAnAlphaChannel() throws IOException {
    byte[] image = read(letter(TYPE_BYTE_GRAY, 90, 90, WHITE, BLACK, 9));
    ComponentColorModel colors =
        new ComponentColorModel(getInstance(CS_GRAY), true, false, TRANSLUCENT, TYPE_BYTE);
    WritableRaster raster = colors.createCompatibleWritableRaster(SIDE, SIDE);
    for (int i = 0; i < image.length; i++) {
      raster.setPixel(i % SIDE, i / SIDE, new int[] {Byte.toUnsignedInt(image[i]), 255});
    }
    assertThat(read(new BufferedImage(colors, raster, false, null))).isEqualTo(image);
  }

  /** With the center of mass so far at one side that centering it would cut off the digit. */
  @ParameterizedTest
  @ValueSource(ints = {40, 140})
  void readingALopsidedPictureAgainChangesNothing(int stem) throws IOException {
    BufferedImage picture = new BufferedImage(200, 200, TYPE_BYTE_GRAY);
    Graphics2D graphics = picture.createGraphics();
    graphics.fillRect(stem, 20, 20, 160);
    graphics.fillRect(40, 90, 120, 4);
    graphics.dispose();
    byte[] once = read(picture);
    assertThat(read(gray(once))).isEqualTo(once);
  }

  @Test
  void keepsImagesInMnistsForm() throws IOException {
    byte[] pixels = TestData.drawnDigits().test().pixels();
    int same = 0;
    for (int i = 0; i < 200; i++) {
      byte[] image = Arrays.copyOfRange(pixels, i * 784, (i + 1) * 784);
      byte[] once = read(gray(image));
      assertThat(read(gray(once))).isEqualTo(once);
      same += Arrays.equals(once, image) ? 1 : 0;
    }
    // Drawn digits may be smaller than MNIST's or off center; most are neither.
    assertThat(same).isPositive();
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "MNIST_DATA", matches = ".*\\S.*")
  void keepsMnistsOwnImages() throws IOException {
    byte[] pixels =
        new DataSets(folder, System.getenv(), TestData.SILENT)
            .open(DataSource.MNIST, Optional.empty())
            .test()
            .pixels();
    for (int i = 0; i < 1000; i++) {
      byte[] image = Arrays.copyOfRange(pixels, i * 784, (i + 1) * 784);
      assertThat(read(gray(image))).as("test image %d", i).isEqualTo(image);
    }
  }

  // ---- Errors

  private void assertRejected(byte[] content, String... parts) throws IOException {
    Path file = Files.write(folder.resolve("seven.png"), content);
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Picture.read(file))
        .extracting(Throwable::getMessage)
        .satisfies(
            message -> assertThat(message).startsWith(file + " ").contains(parts).hasLineCount(1));
  }

  /** As noisy as a photograph, so that every byte of the file matters. */
  private static BufferedImage photograph() {
    BufferedImage picture = letter(TYPE_INT_RGB, 120, 120, WHITE, BLACK, 12);
    BufferedImage blurred =
        new ConvolveOp(new Kernel(2, 2, new float[] {.25f, .25f, .25f, .25f}))
            .filter(picture, null);
    Random random = new Random(1);
    for (int i = 0; i < 120 * 120; i++) {
      blurred.setRGB(i % 120, i / 120, blurred.getRGB(i % 120, i / 120) ^ random.nextInt(8));
    }
    return blurred;
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "bmp", "jpg"})
  void rejectsTruncatedFiles(String format) throws IOException {
    byte[] whole = encoded(photograph(), format);
    for (int percent : new int[] {5, 20, 50, 90, 98}) {
      assertRejected(Arrays.copyOf(whole, whole.length * percent / 100), "save it again");
    }
    // Large pictures are subsampled, which must not hide missing rows.
    byte[] large = encoded(letter(TYPE_BYTE_GRAY, 2100, 2100, WHITE, BLACK, 180), format);
    assertNormalizedLetter(Picture.read(large, "large", warnings::add));
    for (int percent : new int[] {50, 90}) {
      assertRejected(Arrays.copyOf(large, large.length * percent / 100), "save it again");
    }
  }

  /** Each scan of a progressive JPEG refines the whole picture. */
  @Test
  void rejectsProgressiveJpegsWithMissingScans() throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam progressive = writer.getDefaultWriteParam();
    progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(content)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(photograph(), null, null), progressive);
    }
    byte[] whole = content.toByteArray();
    int scans = 0;
    for (int i = 1; i < whole.length - 1; i++) {
      if (whole[i] == (byte) 0xff && whole[i + 1] == (byte) 0xda && scans++ > 0) {
        assertRejected(Arrays.copyOf(whole, i), "is truncated; save it again");
      }
    }
    assertThat(scans).isGreaterThan(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "bmp", "jpg"})
  void reportsAnyDamageAsADataException(String format) throws IOException {
    byte[] whole = encoded(photograph(), format);
    Random random = new Random(2);
    int rejected = 0;
    for (int i = 0; i < 300; i++) {
      byte[] damaged = whole.clone();
      for (int k = 0; k < 3; k++) {
        damaged[random.nextInt(i % 2 == 0 ? 60 : damaged.length)] = (byte) random.nextInt();
      }
      try {
        assertThat(Picture.read(damaged, "seven", warnings::add)).hasSize(784);
      } catch (DataException e) {
        assertThat(e.getMessage()).startsWith("seven").hasLineCount(1);
        rejected++;
      }
    }
    assertThat(rejected).isPositive();
  }

  @Test
  void rejectsOtherFiles() throws IOException {
    assertRejected(new byte[0], "is empty");
    assertRejected("hello".getBytes(), "is not an image: expected PNG, JPEG, GIF or BMP");
    assertRejected(new byte[1000], "is not an image");
    assertRejected(encoded(photograph(), "tiff"), "is in TIFF format"); // which ImageIO could read
  }

  @ParameterizedTest
  @CsvSource({
    "HEIC, 00000018 66747970 68656963 00000000 6d696631",
    "HEIC, 0000001c 66747970 6d696631 00000000 6d696631 68656963",
    "HEIC, 00000024 66747970 68657663 00000000",
    "AVIF, 00000020 66747970 61766966 00000000 61766966",
    "AVIF, 0000001c 66747970 6d696631 00000000 6d696631 61766966",
    "JPEG 2000, 0000000c 6a502020 0d0a870a",
    "JPEG 2000, ff4fff51 002f0000",
    "JPEG XL, ff0a fa1f4190",
    "JPEG XL, 0000000c 4a584c20 0d0a870a",
    "ICO, 00000100 0100 1010 0000",
    "WebP, 52494646 24000000 57454250 56503820",
    "TIFF, 49492a00 08000000",
    "TIFF, 4d4d002a 00000008",
    "PSD, 38425053 0001",
    "PDF, 255044462d 312e37",
    "SVG, 3c737667 20786d6c6e73",
    "SVG, efbbbf 3c3f786d6c 203f3e 0a 3c737667 20"
  })
  void namesPicturesThatAreNotSupported(String format, String start) throws IOException {
    byte[] content = inserted(new byte[200], 0, start);
    assertRejected(
        content, "is in " + format + " format, which is not supported: expected PNG, JPEG, GIF or");
    assertThat(ImageInput.isIdx(content)).isFalse();
  }

  @Test
  void rejectsBlankPictures() throws IOException {
    byte[] nearlyBlack = new byte[784]; // otherwise in MNIST's form
    for (int y = 4; y < 24; y++) {
      nearlyBlack[y * SIDE + 14] = 3;
    }
    for (BufferedImage blank :
        List.of(
            letter(TYPE_INT_RGB, WHITE, WHITE),
            letter(TYPE_INT_RGB, BLACK, BLACK),
            letter(TYPE_INT_RGB, PINK, PINK),
            letter(TYPE_INT_RGB, WHITE, new Color(250, 250, 250)),
            new BufferedImage(60, 60, TYPE_INT_ARGB),
            new BufferedImage(SIDE, SIDE, TYPE_BYTE_GRAY),
            gray(nearlyBlack))) {
      assertRejected(encoded(blank, "png"), "is blank");
    }
  }

  /** Only the header of a PNG, whatever size it claims. */
  @ParameterizedTest
  @CsvSource({"100000, 100000", "2147483647, 2147483647", "1000000, 101"})
  void rejectsTooManyPixelsBeforeAllocatingMemory(int width, int height) throws IOException {
    String header = "89504e470d0a1a0a" + "0000000d49484452%08x%08x080000000000000000";
    assertRejected(
        HexFormat.of().parseHex(header.formatted(width, height)),
        "has " + width + " × " + height + " pixels",
        "expected at most 100 million");
  }
}
