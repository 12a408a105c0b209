package mnist.spark;

/**
 * What was found where an image was expected.
 *
 * @param name where, as {@code make predict} calls it: a file, with {@code [12]} behind it for
 *     image 12 of an IDX file or row 12 of a Parquet file, counted from 0
 * @param pixels 28 × 28 grey levels 0..1, white digit on black; null if it cannot be recognised
 * @param reason why not, in a line
 */
record Found(String name, float[] pixels, String reason) {
  static Found image(String name, float[] pixels) {
    return new Found(name, pixels, null);
  }

  static Found refused(String name, String reason) {
    return new Found(name, null, reason);
  }
}
