package mnist.images;

/** A rectangle of pixels; right and bottom are exclusive. */
record Box(int left, int top, int right, int bottom) {
  /** The bounding box of the pixels above 0; empty if there are none. */
  static Box around(GrayImage image) {
    int left = image.width();
    int top = image.height();
    int right = 0;
    int bottom = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        if (image.get(x, y) > 0) {
          left = Math.min(left, x);
          right = Math.max(right, x + 1);
          top = Math.min(top, y);
          bottom = y + 1;
        }
      }
    }
    return new Box(left, top, right, bottom);
  }

  int width() {
    return right - left;
  }

  int height() {
    return bottom - top;
  }

  int longerSide() {
    return Math.max(width(), height());
  }

  int shorterSide() {
    return Math.min(width(), height());
  }

  boolean contains(Box other) {
    return left < other.left && top < other.top && right > other.right && bottom > other.bottom;
  }

  /** The smallest rectangle that contains both. */
  Box union(Box other) {
    return new Box(
        Math.min(left, other.left),
        Math.min(top, other.top),
        Math.max(right, other.right),
        Math.max(bottom, other.bottom));
  }
}
