package mnist.images;

/**
 * An image to be recognised.
 *
 * @param name where it comes from: a file, with {@code [12]} behind it for image 12 of an IDX file,
 *     counted from 0, or {@code :3} for line 3 of JSON lines, counted from 1
 * @param pixels 28 × 28 grey levels 0..1, white digit on black, row after row
 */
public record NamedImage(String name, float[] pixels) {}
