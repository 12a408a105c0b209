package mnist.images;

import static java.util.Comparator.comparing;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The connected shapes in an image of ink.
 *
 * @param numbers for each pixel the number of its shape; 0 for paper
 */
record Shapes(Region region, int width, int[] numbers, List<Shape> list) {
  /**
   * Pixels that are connected, diagonally as well.
   *
   * @param area number of pixels
   * @param contact number of pixels on the region's border
   */
  record Shape(int number, int area, Box box, int contact) {}

  /** The shapes of the pixels that are more ink than paper. */
  static Shapes of(GrayImage ink, Region region) {
    int width = ink.width();
    int[] numbers = new int[width * ink.height()];
    int[] queue = new int[numbers.length];
    boolean[] onBorder = new boolean[numbers.length];
    for (int i : region.border()) {
      onBorder[i] = true;
    }
    List<Shape> list = new ArrayList<>();
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] == 0 && ink.pixels()[i] > 0.5f) {
        int number = list.size() + 1;
        int area = floodFill(ink, numbers, number, i, queue);
        int contact = 0;
        int left = width;
        int top = i / width; // as rows are scanned from the top
        int right = 0;
        int bottom = 0;
        for (int k = 0; k < area; k++) {
          int x = queue[k] % width;
          left = Math.min(left, x);
          right = Math.max(right, x + 1);
          bottom = Math.max(bottom, queue[k] / width + 1);
          contact += onBorder[queue[k]] ? 1 : 0;
        }
        Box box = new Box(left, top, right, bottom);
        list.add(new Shape(number, area, box, contact));
      }
    }
    return new Shapes(region, width, numbers, list);
  }

  /** Marks the connected pixels that include {@code start}; returns their number. */
  private static int floodFill(GrayImage ink, int[] numbers, int number, int start, int[] queue) {
    int count = 1;
    queue[0] = start;
    numbers[start] = number;
    for (int done = 0; done < count; done++) {
      int x = queue[done] % ink.width();
      int y = queue[done] / ink.width();
      for (int ny = Math.max(0, y - 1); ny <= Math.min(ink.height() - 1, y + 1); ny++) {
        for (int nx = Math.max(0, x - 1); nx <= Math.min(ink.width() - 1, x + 1); nx++) {
          int neighbor = ny * ink.width() + nx;
          if (numbers[neighbor] == 0 && ink.pixels()[neighbor] > 0.5f) {
            numbers[neighbor] = number;
            queue[count++] = neighbor;
          }
        }
      }
    }
    return count;
  }

  boolean isEmpty() {
    return list.isEmpty();
  }

  Shape largest() {
    return list.stream().max(comparing(Shape::area)).orElseThrow();
  }

  /** The number of their pixels. */
  int area() {
    return list.stream().mapToInt(Shape::area).sum();
  }

  /** The one with the largest box. */
  Shape widest() {
    return list.stream()
        .max(comparing(shape -> shape.box.width() * shape.box.height()))
        .orElseThrow();
  }

  boolean touchBorder() {
    return list.stream().anyMatch(shape -> shape.contact > 0);
  }

  /** Without those that are smaller, relative to the largest one. */
  Shapes atLeast(double relativeArea) {
    double minArea = relativeArea * (isEmpty() ? 0 : largest().area);
    return filter(shape -> shape.area >= minArea);
  }

  Shapes filter(Predicate<Shape> predicate) {
    return new Shapes(region, width, numbers, list.stream().filter(predicate).toList());
  }

  /** A shape with what it encloses. */
  Region filled(Shape shape) {
    Box box = shape.box;
    int padded = box.width() + 2; // with paper all around
    boolean[] outside = new boolean[padded * (box.height() + 2)];
    int[] queue = new int[outside.length];
    int count = 1;
    outside[0] = true;
    for (int done = 0; done < count; done++) {
      int i = queue[done];
      for (int step : new int[] {-1, 1, -padded, padded}) {
        int next = i + step;
        boolean isInImage = next >= 0 && next < outside.length;
        if (isInImage && !outside[next] && !isPart(shape, next % padded - 1, next / padded - 1)) {
          outside[next] = true;
          queue[count++] = next;
        }
      }
    }
    boolean[] inside = new boolean[numbers.length];
    for (int y = 0; y < box.height(); y++) {
      for (int x = 0; x < box.width(); x++) {
        inside[(box.top() + y) * width + box.left() + x] = !outside[(y + 1) * padded + x + 1];
      }
    }
    return Region.of(width, inside);
  }

  /** Whether a pixel belongs to a shape; x and y are relative to the shape's box. */
  private boolean isPart(Shape shape, int x, int y) {
    return x >= 0
        && y >= 0
        && x < shape.box.width()
        && y < shape.box.height()
        && numbers[(shape.box.top() + y) * width + shape.box.left() + x] == shape.number;
  }

  /** The bounding box of all. */
  Box box() {
    return list.stream().map(Shape::box).reduce(Box::union).orElseThrow();
  }

  /** Their pixels as 1, all others as 0. */
  GrayImage toImage() {
    boolean[] shown = new boolean[1 + list.stream().mapToInt(Shape::number).max().orElse(0)];
    list.forEach(shape -> shown[shape.number] = true);
    return GrayImage.of(
        width,
        numbers.length / width,
        (x, y) -> {
          int number = numbers[y * width + x];
          return number < shown.length && shown[number] ? 1 : 0;
        });
  }
}
