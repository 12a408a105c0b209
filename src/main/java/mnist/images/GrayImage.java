package mnist.images;

/**
 * A grayscale image.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels width × height values, row-major
 */
record GrayImage(int width, int height, float[] pixels) {
  GrayImage(int width, int height) {
    this(width, height, new float[width * height]);
  }

  /** Computes a pixel value. */
  interface PixelFunction {
    float apply(int x, int y);
  }

  /** An image whose pixels are computed one by one. */
  static GrayImage of(int width, int height, PixelFunction function) {
    GrayImage image = new GrayImage(width, height);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.set(x, y, function.apply(x, y));
      }
    }
    return image;
  }

  float get(int x, int y) {
    return pixels[y * width + x];
  }

  void set(int x, int y, float value) {
    pixels[y * width + x] = value;
  }

  /** The difference between the lightest and the darkest pixel. */
  float contrast() {
    float min = pixels[0];
    float max = pixels[0];
    for (float pixel : pixels) {
      min = Math.min(min, pixel);
      max = Math.max(max, pixel);
    }
    return max - min;
  }

  double variance() {
    double sum = 0;
    double squares = 0;
    for (float pixel : pixels) {
      sum += pixel;
      squares += (double) pixel * pixel;
    }
    double mean = sum / pixels.length;
    return squares / pixels.length - mean * mean;
  }

  /**
   * The image upright.
   *
   * @param orientation of this image as in EXIF: 1 upright, 3 upside down, 6 and 8 on its side; 2,
   *     4, 5 and 7 their mirror images
   */
  GrayImage upright(int orientation) {
    int right = width - 1;
    int bottom = height - 1;
    boolean onItsSide = orientation >= 5;
    return of(
        onItsSide ? height : width,
        onItsSide ? width : height,
        (x, y) ->
            switch (orientation) {
              case 2 -> get(right - x, y);
              case 3 -> get(right - x, bottom - y);
              case 4 -> get(x, bottom - y);
              case 5 -> get(y, x);
              case 6 -> get(y, bottom - x);
              case 7 -> get(right - y, bottom - x);
              case 8 -> get(right - y, x);
              default -> get(x, y);
            });
  }
}
