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

  /** Computes a pixel's value from another. */
  interface ValueFunction {
    float apply(float value);
  }

  /** An image of the same size with other values. */
  GrayImage map(ValueFunction function) {
    GrayImage image = new GrayImage(width, height);
    for (int i = 0; i < pixels.length; i++) {
      image.pixels[i] = function.apply(pixels[i]);
    }
    return image;
  }

  /** Each pixel's minimum in a square window of {@code 2 × radius + 1} pixels. */
  GrayImage min(int radius) {
    return map(value -> -value).max(radius).map(value -> -value);
  }

  /** Each pixel's maximum in a square window of {@code 2 × radius + 1} pixels. */
  GrayImage max(int radius) {
    GrayImage rows = new GrayImage(width, height);
    for (int y = 0; y < height; y++) {
      slideMax(rows.pixels, y * width, 1, width, radius);
    }
    GrayImage image = new GrayImage(width, height);
    for (int x = 0; x < width; x++) {
      rows.slideMax(image.pixels, x, width, height, radius);
    }
    return image;
  }

  /** Slides a window along a row or column; the queue holds what may still become a maximum. */
  private void slideMax(float[] target, int start, int step, int count, int radius) {
    int[] queue = new int[count];
    int first = 0;
    int last = 0;
    for (int i = 0; i < count + radius; i++) {
      if (i < count) {
        while (last > first && pixels[start + queue[last - 1] * step] <= pixels[start + i * step]) {
          last--;
        }
        queue[last++] = i;
      }
      if (i >= radius) {
        if (queue[first] < i - 2 * radius) {
          first++;
        }
        target[start + (i - radius) * step] = pixels[start + queue[first] * step];
      }
    }
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
