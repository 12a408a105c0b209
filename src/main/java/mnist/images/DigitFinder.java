package mnist.images;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import mnist.data.DataException;
import mnist.images.Shapes.Shape;

/**
 * Finds the strokes of the digit in an image, which may be a photograph: of a sheet of paper on a
 * table, with a shadow, with lines or a frame.
 *
 * <p>On clean paper all shapes but specks are the digit. Only where they reach the border or look
 * like a sheet of paper, something else is tried.
 */
final class DigitFinder {
  static final String SEVERAL = "there is more than one thing in the picture";
  static final String SOLID = "the ink covers an area instead of forming strokes";
  static final String AT_BORDER = "ink touches the border of the picture";

  /** Shapes with a smaller area relative to the largest are specks. */
  private static final double MIN_RELATIVE_AREA = 0.03;

  /** A frame on a sheet of paper on a table. */
  private static final int MAX_NESTED_SHEETS = 3;

  /** How much of its smallest bounding rectangle a sheet covers; an ellipse covers 0.785. */
  private static final double MIN_RECTANGULARITY = 0.85;

  /** The thickness of strokes, relative to the digit's longer side. */
  private static final double MAX_THICKNESS = 0.35;

  private final GrayImage image;
  private final String name;

  private DigitFinder(GrayImage image, String name) {
    this.image = image;
    this.name = name;
  }

  /**
   * Finds the digit.
   *
   * @param onWarning told why the result may be wrong
   * @return 1 for the digit's strokes, 0 for all other pixels
   * @throws DataException if the image is blank
   */
  static GrayImage find(GrayImage image, String name, Consumer<String> onWarning)
      throws DataException {
    return new DigitFinder(image, name).find(onWarning);
  }

  private GrayImage find(Consumer<String> onWarning) throws DataException {
    Shapes shapes =
        shapes(Region.of(image))
            .orElseThrow(
                () ->
                    new DataException(
                        name + " is blank, expected a digit that stands out from its background"));
    Optional<Shapes> onSheet = onSheet(shapes);
    for (int i = 0; i < MAX_NESTED_SHEETS && onSheet.isPresent(); i++) {
      shapes = onSheet.get();
      onSheet = onSheet(shapes);
    }
    shapes = withoutBorder(withoutLines(withoutShadows(shapes))).atLeast(MIN_RELATIVE_AREA);
    if (shapes.touchBorder()) {
      onWarning.accept(AT_BORDER);
    }
    if (areThickerThan(MAX_THICKNESS, shapes)) {
      onWarning.accept(SOLID);
    }
    if (areSeveral(shapes)) {
      onWarning.accept(SEVERAL);
    }
    return shapes.toImage();
  }

  private Optional<Shapes> shapes(Region region) {
    return (region.isEmpty() ? Optional.<GrayImage>empty() : Ink.onSmoothPaper(image, region))
        .map(ink -> Shapes.of(ink, region))
        .filter(shapes -> !shapes.isEmpty());
  }

  // ---- Sheets and frames

  /** What is on or in the shape with the largest box if that is a sheet of paper or a frame. */
  private Optional<Shapes> onSheet(Shapes shapes) {
    Shape sheet = shapes.widest();
    Region region = shapes.filled(sheet);
    if (rectangularity(region) < MIN_RECTANGULARITY) {
      return Optional.empty();
    }
    int margin = 1 + sheet.box().shorterSide() / 60; // the edge is not sharp
    Region hole = largestHole(shapes, sheet, region);
    boolean isFrame = hole.area() > region.area() / 2;
    return shapes((isFrame ? hole : region).shrunk(margin))
        .map(this::withoutShadows)
        .filter(inner -> isDigit(inner.atLeast(MIN_RELATIVE_AREA), sheet));
  }

  /** Whether it can be a digit on a sheet, not just the hole of a 0 that was taken for a sheet. */
  private static boolean isDigit(Shapes shapes, Shape sheet) {
    Box box = shapes.box();
    if (box.longerSide() < sheet.box().longerSide() / 12) {
      return false;
    }
    Region filled = shapes.filled(shapes.largest());
    return shapes.list().size() > 1
        || box.shorterSide() < box.longerSide() / 4
        || filled.area() < 0.08 * sheet.box().width() * sheet.box().height()
        || rectangularity(filled) < 0.75
        || shapes.largest().area() < 0.75 * filled.area();
  }

  private static Region largestHole(Shapes shapes, Shape shape, Region filled) {
    GrayImage holes =
        GrayImage.of(
            shapes.width(),
            filled.inside().length / shapes.width(),
            (x, y) -> {
              int i = y * shapes.width() + x;
              return filled.contains(i) && shapes.numbers()[i] != shape.number() ? 1 : 0;
            });
    Shapes all = Shapes.of(holes, filled);
    return all.isEmpty()
        ? Region.of(shapes.width(), new boolean[filled.inside().length])
        : all.filled(all.largest());
  }

  /** The share of the smallest rectangle around a region that it covers, at any angle. */
  private static double rectangularity(Region region) {
    double smallest = Double.MAX_VALUE;
    for (int degrees = 0; degrees < 90; degrees += 2) {
      double cos = Math.cos(Math.toRadians(degrees));
      double sin = Math.sin(Math.toRadians(degrees));
      double left = Double.MAX_VALUE;
      double right = -Double.MAX_VALUE;
      double top = Double.MAX_VALUE;
      double bottom = -Double.MAX_VALUE;
      for (int i : region.border()) {
        double x = i % region.width() * cos + i / region.width() * sin;
        double y = i / region.width() * cos - i % region.width() * sin;
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
      smallest = Math.min(smallest, (right - left + 1) * (bottom - top + 1));
    }
    return region.area() / smallest;
  }

  // ---- Shadows, lines, and what lies at the border

  /** On paper of which a part is darker, if that part seems to be ink. */
  private Shapes withoutShadows(Shapes shapes) {
    Box box = box(shapes.region());
    int radius = box.longerSide() / 6; // wider than strokes, narrower than shadows
    Shapes atBorder = shapes.filter(shape -> shape.contact() > 0);
    if (!areThickerThan(1.0 / 7, shapes) && !contain(atBorder, 1 + radius / 4)) {
      return shapes;
    }
    return Ink.onPatchedPaper(image, shapes.region(), radius)
        .map(ink -> Shapes.of(ink, shapes.region()))
        .filter(patched -> isLarge(patched, box) && !areThickerThan(MAX_THICKNESS, patched))
        .filter(patched -> patched.area() < 0.8 * shapes.area()) // or there was no shadow
        .filter(patched -> patched.area() > 0.05 * shapes.area()) // or only odds and ends are left
        .orElse(shapes);
  }

  /** Whether anything is thicker, relative to the longer side of all. */
  private static boolean areThickerThan(double thickness, Shapes shapes) {
    Shapes large = shapes.atLeast(MIN_RELATIVE_AREA);
    return contain(large, 1 + (int) (thickness / 2 * large.box().longerSide()));
  }

  /** Whether a square of {@code 2 × radius + 1} pixels fits into one of them. */
  private static boolean contain(Shapes shapes, int radius) {
    GrayImage inner = shapes.toImage().max(1).min(1 + radius); // with pinholes closed
    return inner.contrast() > 0;
  }

  /** Without lines across the whole paper that are thinner than the digit's strokes. */
  private static Shapes withoutLines(Shapes shapes) {
    Box box = box(shapes.region());
    boolean hasLines =
        shapes.list().stream()
            .anyMatch(
                shape ->
                    shape.contact() > 0
                        && (shape.box().width() == box.width()
                            || shape.box().height() == box.height()));
    if (!hasLines) {
      return shapes;
    }
    GrayImage ink = shapes.toImage();
    for (int radius = 1; radius <= box.shorterSide() / 50; radius++) {
      Shapes thick = Shapes.of(ink.min(radius).max(radius), shapes.region());
      if (!thick.touchBorder()) {
        return isLarge(thick, box) ? thick : shapes;
      }
    }
    return shapes;
  }

  /** Without shapes at the border if the digit is elsewhere. */
  private static Shapes withoutBorder(Shapes shapes) {
    Box box = box(shapes.region());
    Shapes inner = shapes.filter(shape -> shape.contact() == 0);
    if (!isLarge(inner, box)) {
      return shapes;
    }
    Shape largest = inner.largest();
    return shapes.filter(
        shape ->
            shape.contact() == 0
                || shape.area() > largest.area()
                    && shape.contact() < shape.box().longerSide() / 2
                    && shape.box().longerSide() < 0.95 * box.longerSide());
  }

  /** Whether shapes are large enough to be the digit on a picture. */
  private static boolean isLarge(Shapes shapes, Box picture) {
    return !shapes.isEmpty()
        && shapes.atLeast(MIN_RELATIVE_AREA).box().longerSide() >= picture.longerSide() / 6;
  }

  private static Box box(Region region) {
    return Box.around(
        region.outside(
            new GrayImage(region.width(), region.inside().length / region.width()).map(value -> 1),
            0));
  }

  // ---- Several things

  /** Whether some shapes are beside or above the others, or one is within another. */
  private static boolean areSeveral(Shapes shapes) {
    int gap = shapes.box().longerSide() / 60; // as where lines cross strokes
    Shapes joined = Shapes.of(shapes.toImage().max(gap), shapes.region());
    List<Box> boxes = joined.list().stream().map(Shape::box).toList();
    boolean areApart =
        boxes.stream()
            .anyMatch(
                b ->
                    areApart(boxes, a -> a.right() <= b.left(), a -> a.left() >= b.left(), 3)
                        || areApart(boxes, a -> a.bottom() <= b.top(), a -> a.top() >= b.top(), 4));
    return areApart
        || boxes.size() > 1 && joined.list().stream().anyMatch(a -> encloses(joined, a));
  }

  /** Whether a shape has another one of some size within it. */
  private static boolean encloses(Shapes shapes, Shape outer) {
    Region filled = shapes.filled(outer);
    return shapes.list().stream()
        .map(Shape::box)
        .anyMatch(
            box ->
                outer.box().contains(box)
                    && 3 * box.longerSide() > outer.box().longerSide()
                    && filled.contains(
                        (box.top() + box.bottom()) / 2 * filled.width()
                            + (box.left() + box.right()) / 2));
  }

  /** Whether all boxes are in one of two groups, neither much lower than both together. */
  private static boolean areApart(
      List<Box> boxes, Predicate<Box> isBefore, Predicate<Box> isAfter, int times) {
    Optional<Box> before = boxes.stream().filter(isBefore).reduce(Box::union);
    Optional<Box> after = boxes.stream().filter(isAfter).reduce(Box::union);
    return before.isPresent()
        && after.isPresent()
        && boxes.stream().allMatch(isBefore.or(isAfter))
        && times * Math.min(before.get().height(), after.get().height())
            > before.get().union(after.get()).height();
  }
}
