package mnist.images;

/**
 * A picture in shades of grey.
 *
 * @param width in pixels
 * @param height in pixels
 * @param levels width × height values, row after row
 */
record GrayImage(int width, int height, float[] levels) {
  GrayImage(int width, int height) {
    this(width, height, new float[width * height]);
  }

  float get(int x, int y) {
    return levels[y * width + x];
  }

  void set(int x, int y, float level) {
    levels[y * width + x] = level;
  }

  /** The lightest minus the darkest. */
  float contrast() {
    float least = levels[0];
    float most = levels[0];
    for (float level : levels) {
      least = Math.min(least, level);
      most = Math.max(most, level);
    }
    return most - least;
  }

  /** How far the levels are from their mean: their variance. */
  double variance() {
    double sum = 0;
    double squares = 0;
    for (float level : levels) {
      sum += level;
      squares += (double) level * level;
    }
    double mean = sum / levels.length;
    return squares / levels.length - mean * mean;
  }

  /**
   * The picture the right way up.
   *
   * @param orientation how it lies, 1 to 8 as EXIF counts: 1 upright, 3 upside down, 6 and 8 on its
   *     side; 2, 4, 5 and 7 their mirror images
   */
  GrayImage upright(int orientation) {
    boolean onItsSide = orientation >= 5;
    GrayImage upright = onItsSide ? new GrayImage(height, width) : new GrayImage(width, height);
    int right = width - 1;
    int bottom = height - 1;
    for (int y = 0; y < upright.height; y++) {
      for (int x = 0; x < upright.width; x++) {
        upright.set(
            x,
            y,
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
    return upright;
  }
}
