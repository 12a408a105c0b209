package mnist.data.sources;

import static java.awt.RenderingHints.KEY_ANTIALIASING;
import static java.awt.RenderingHints.KEY_STROKE_CONTROL;
import static java.awt.RenderingHints.VALUE_ANTIALIAS_ON;
import static java.awt.RenderingHints.VALUE_STROKE_PURE;
import static mnist.data.LabeledImages.SIDE;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mnist.data.LabeledImages;

/**
 * Digits drawn from strokes, for machines without MNIST.
 *
 * <p>Each image randomly distorts one of several shapes of its digit and draws it with a round pen.
 * As in MNIST, the digit fits a box of 20 × 20 pixels, and its center of mass is near the center of
 * the 28 × 28 image.
 */
public final class SyntheticDigits {
  /** Changes whenever the images do. */
  public static final int VERSION = 1;

  /** A fixed seed, so that accuracies can be compared. */
  private static final long SEED = new SplittableRandom(0).nextLong();

  /** Width and height of the box that a digit fits, in pixels. */
  private static final int BOX = 20;

  /**
   * The shapes of each digit, 0 to 9. A shape is strokes between slashes, a stroke is the points
   * {@code x,y} that a smooth curve passes through, 0,0 (top left) to 100,100 (bottom right). A
   * corner is a stroke that starts where another ends.
   */
  private static final List<List<String>> SHAPES =
      List.of(
          List.of( // round, narrow, open at the top, crossing at the top
              "50,5 24,20 15,50 24,80 50,95 76,80 85,50 76,20 50,5",
              "56,5 34,22 26,55 36,88 52,95 68,78 74,45 68,15 52,6",
              "42,8 20,30 17,62 34,92 62,92 82,66 80,32 62,10",
              "64,16 40,7 20,34 20,70 44,95 72,82 82,46 66,14 44,3"),
          List.of( // bare, bent, with serif, with serif and foot, with foot
              "50,5 50,95",
              "54,5 50,35 48,65 49,95",
              "36,24 52,5 / 52,5 50,95",
              "35,23 52,5 / 52,5 52,94 / 28,94 76,94",
              "50,5 50,94 / 30,95 70,94"),
          List.of( // pointed foot, flat top, looped foot, wavy foot
              "20,26 45,6 72,14 74,36 50,66 20,92 / 20,92 82,92",
              "20,12 60,8 76,24 58,58 22,90 / 22,90 80,94",
              "20,26 44,6 73,18 66,50 40,82 22,92 14,82 28,74 52,84 84,94",
              "22,22 48,5 70,22 60,56 20,90 / 20,90 42,83 62,93 86,84"),
          List.of( // round, flat top, looped waist, small waist
              "20,18 48,5 72,22 62,40 40,47 / 40,47 72,54 78,76 52,95 18,84",
              "20,8 75,8 / 75,8 45,42 / 45,42 74,52 78,78 50,95 18,85",
              "22,14 52,5 72,22 58,42 40,50 36,42 50,44 76,58 74,82 48,96 18,88",
              "24,10 60,8 70,26 52,44 / 52,44 80,58 76,84 46,95 20,92"),
          List.of( // closed, open, open and round, tall stem
              "62,5 12,65 / 12,65 88,62 / 62,5 60,95",
              "26,8 18,55 / 18,55 84,52 / 72,10 66,95",
              "22,8 18,40 34,54 58,50 76,38 / 78,6 72,50 68,95",
              "40,20 16,60 / 16,60 86,56 / 66,5 58,95"),
          List.of( // flag and corner, flag apart, like an S, long neck
              "75,8 30,8 / 30,8 26,44 / 26,44 56,38 78,62 62,90 20,90",
              "32,10 26,44 52,42 74,64 60,92 20,88 / 32,10 80,6",
              "78,8 42,10 28,32 54,46 74,68 56,94 20,86",
              "70,6 36,10 / 36,10 30,52 / 30,52 62,50 70,76 48,95 22,90"),
          List.of( // curved, straight stem, wide loop, narrow
              "68,5 36,30 20,65 35,93 68,88 72,64 48,55 24,72",
              "60,5 26,66 36,94 66,90 70,66 46,58 26,72",
              "50,5 24,36 18,72 44,96 78,82 74,54 44,50 20,68",
              "56,4 38,36 30,74 44,95 60,82 56,64 34,72"),
          List.of( // plain, with bar, with serif, curved
              "18,12 80,10 / 80,10 55,50 42,95",
              "18,12 80,10 / 80,10 58,50 46,95 / 34,52 78,48",
              "16,30 18,11 / 18,11 80,10 / 80,10 54,95",
              "16,18 46,14 78,12 66,46 56,95"),
          List.of( // one stroke, two rings, open at the top, narrow
              "72,18 48,5 28,20 45,42 70,62 66,90 35,92 28,70 50,46 72,26 70,14",
              "50,46 28,30 36,8 64,8 72,30 50,46 / 50,46 22,70 34,94 66,94 78,70 50,46",
              "76,12 44,6 26,22 50,46 72,70 56,95 30,84 38,60 60,40 80,18",
              "60,6 38,14 40,36 62,58 66,84 46,95 32,78 44,52 66,30 60,6"),
          List.of( // straight stem, curved stem, hooked stem, stem apart
              "72,20 48,6 24,25 38,48 62,42 74,18 / 74,18 68,95",
              "72,18 46,6 24,28 40,50 66,40 74,16 / 74,16 74,55 58,88 30,94",
              "70,24 50,5 28,22 36,46 60,42 72,20 / 72,20 70,70 58,94 34,84",
              "68,10 34,12 24,36 50,48 74,30 / 72,8 66,50 56,95"));

  private SyntheticDigits() {}

  /**
   * Draws images {@code first} to {@code first + count - 1}. The same number is always the same
   * image, however many threads draw.
   *
   * @param first number of the first image, from 0
   * @param count how many images to draw
   */
  public static LabeledImages draw(int first, int count) {
    byte[] pixels = new byte[count * SIDE * SIDE];
    byte[] labels = new byte[count];
    IntStream.range(0, count)
        .parallel()
        .forEach(
            i -> {
              SplittableRandom random = new SplittableRandom(SEED + first + i);
              int digit = random.nextInt(SHAPES.size());
              labels[i] = (byte) digit;
              List<String> shapes = SHAPES.get(digit);
              byte[] image = image(shapes.get(random.nextInt(shapes.size())), random);
              System.arraycopy(image, 0, pixels, i * image.length, image.length);
            });
    return new LabeledImages(pixels, labels);
  }

  /** One image of a shape: 784 pixels. */
  private static byte[] image(String shape, SplittableRandom random) {
    double thickness = random.nextDouble(1.1, 3.4);
    Path2D path = distorted(shape, random);
    path.transform(intoBox(path.getBounds2D(), thickness, random));
    Point2D mass = centerOfMass(draw(path, thickness));
    path.transform(
        AffineTransform.getTranslateInstance(
            around(SIDE / 2.0 - mass.getX(), 1.4, random),
            around(SIDE / 2.0 - mass.getY(), 1.4, random)));
    return withNoise(draw(path, thickness), random);
  }

  /** The curves of a shape, distorted by waves, which keep strokes joined, and slanted. */
  private static Path2D distorted(String shape, SplittableRandom random) {
    Wave across = Wave.of(random);
    Wave down = Wave.of(random);
    AffineTransform slant = AffineTransform.getRotateInstance(around(0, 0.26, random));
    slant.shear(around(-0.15, 0.35, random), 0);
    slant.scale(around(0.85, 0.25, random), 1);
    Path2D path = new Path2D.Double();
    for (String stroke : shape.split(" / ")) {
      List<Point2D> points =
          Stream.of(stroke.split(" "))
              .map(SyntheticDigits::point)
              .map(p -> new Point2D.Double(p.x + across.height(p), p.y + down.height(p)))
              .map(point -> slant.transform(point, null))
              .toList();
      addCurve(path, points);
    }
    return path;
  }

  /** Reads {@code "x,y"} in hundredths of the unit square. */
  private static Point2D.Double point(String text) {
    int comma = text.indexOf(',');
    return new Point2D.Double(
        Integer.parseInt(text.substring(0, comma)) / 100.0,
        Integer.parseInt(text.substring(comma + 1)) / 100.0);
  }

  /** Adds a smooth curve through the points: the direction at each is that of its neighbours. */
  private static void addCurve(Path2D path, List<Point2D> points) {
    path.moveTo(points.get(0).getX(), points.get(0).getY());
    for (int i = 1; i < points.size(); i++) {
      Point2D from = points.get(i - 1);
      Point2D to = points.get(i);
      Point2D before = points.get(Math.max(i - 2, 0));
      Point2D after = points.get(Math.min(i + 1, points.size() - 1));
      path.curveTo(
          from.getX() + (to.getX() - before.getX()) / 6,
          from.getY() + (to.getY() - before.getY()) / 6,
          to.getX() - (after.getX() - from.getX()) / 6,
          to.getY() - (after.getY() - from.getY()) / 6,
          to.getX(),
          to.getY());
    }
  }

  /** Centers a drawing and scales it so that its longer side nearly fills the box. */
  private static AffineTransform intoBox(
      Rectangle2D bounds, double thickness, SplittableRandom random) {
    double longer = Math.max(bounds.getWidth(), bounds.getHeight());
    double scale = (BOX * around(0.92, 0.08, random) - thickness) / longer;
    AffineTransform fit = AffineTransform.getTranslateInstance(SIDE / 2.0, SIDE / 2.0);
    fit.scale(scale, scale);
    fit.translate(-bounds.getCenterX(), -bounds.getCenterY());
    return fit;
  }

  /** Draws the path in white with a round pen. */
  private static byte[] draw(Path2D path, double thickness) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(KEY_ANTIALIASING, VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(KEY_STROKE_CONTROL, VALUE_STROKE_PURE);
    graphics.setStroke(
        new BasicStroke((float) thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.setColor(Color.WHITE);
    graphics.draw(path);
    graphics.dispose();
    return ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
  }

  /** The center of mass, in pixels from the top left corner of the image. */
  private static Point2D centerOfMass(byte[] image) {
    double mass = 0;
    double x = 0;
    double y = 0;
    for (int i = 0; i < image.length; i++) {
      int value = Byte.toUnsignedInt(image[i]);
      mass += value;
      x += value * (i % SIDE + 0.5); // the center of the pixel
      y += value * (i / SIDE + 0.5);
    }
    return new Point2D.Double(x / mass, y / mass);
  }

  /** Varies the intensity of the image, and of each pixel. */
  private static byte[] withNoise(byte[] image, SplittableRandom random) {
    double intensity = around(1, 0.2, random);
    for (int i = 0; i < image.length; i++) {
      double value = Byte.toUnsignedInt(image[i]) * intensity * around(1, 0.25, random);
      image[i] = (byte) Math.min(255, value);
    }
    return image;
  }

  /** A random number between {@code center - range} and {@code center + range}. */
  private static double around(double center, double range, SplittableRandom random) {
    return center + range * random.nextDouble(-1, 1);
  }

  /** A plane wave: its frequency along x and y in the unit square, its phase and amplitude. */
  private record Wave(double alongX, double alongY, double phase, double amplitude) {
    static Wave of(SplittableRandom random) {
      return new Wave(
          around(0, 1.4, random),
          around(0, 1.4, random),
          random.nextDouble(),
          random.nextDouble(0.135));
    }

    double height(Point2D point) {
      double turns = alongX * point.getX() + alongY * point.getY() + phase;
      return amplitude * Math.sin(2 * Math.PI * turns);
    }
  }
}
