package mnist.images;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The part of an image in which a digit is searched.
 *
 * @param width of the image in pixels
 * @param inside for each of its pixels, row-major
 * @param border indices of the pixels inside that have a neighbor outside or lie on the image's
 *     edge; those in corners may be repeated
 */
record Region(int width, boolean[] inside, int[] border) {
  /** The whole image. */
  static Region of(GrayImage image) {
    boolean[] inside = new boolean[image.pixels().length];
    Arrays.fill(inside, true);
    return new Region(image.width(), inside, BackgroundModel.borderIndices(image));
  }

  /** Some pixels of an image with this width. */
  static Region of(int width, boolean[] inside) {
    int[] border =
        IntStream.range(0, inside.length)
            .filter(i -> inside[i] && isBorder(i, width, inside))
            .toArray();
    return new Region(width, inside, border);
  }

  private static boolean isBorder(int i, int width, boolean[] inside) {
    int x = i % width;
    return x == 0
        || x == width - 1
        || i < width
        || i >= inside.length - width
        || !inside[i - 1]
        || !inside[i + 1]
        || !inside[i - width]
        || !inside[i + width];
  }

  boolean contains(int pixel) {
    return inside[pixel];
  }

  boolean isEmpty() {
    return border.length == 0;
  }

  /** The number of pixels. */
  int area() {
    int area = 0;
    for (boolean pixel : inside) {
      area += pixel ? 1 : 0;
    }
    return area;
  }

  /** An image with all pixels outside of the region replaced. */
  GrayImage outside(GrayImage image, float value) {
    return GrayImage.of(
        image.width(), image.height(), (x, y) -> inside[y * width + x] ? image.get(x, y) : value);
  }

  /** Without the pixels that are less than a distance from its border. */
  Region shrunk(int distance) {
    GrayImage mask = new GrayImage(width, inside.length / width);
    mask = outside(mask.map(value -> 1), 0).min(distance);
    boolean[] left = new boolean[inside.length];
    for (int i = 0; i < left.length; i++) {
      left[i] = mask.pixels()[i] > 0;
    }
    return of(width, left);
  }
}
