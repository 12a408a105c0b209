package mnist.data;

/**
 * A picture in shades of grey.
 *
 * @param width in pixels
 * @param height in pixels
 * @param levels width × height values, row after row
 */
record Grey(int width, int height, float[] levels) {
  Grey(int width, int height) {
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
}
