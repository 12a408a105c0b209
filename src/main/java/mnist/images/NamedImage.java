package mnist.images;

import java.util.List;

/**
 * An image to classify.
 *
 * @param name its source: a file, followed by {@code [12]} for image 12 of an IDX file, counted
 *     from 0, or {@code :3} for line 3 of JSON lines, counted from 1
 * @param pixels 28 × 28 values 0..1, white digit on black, row-major
 * @param warnings why the digit may not have been found in a picture, as phrases without a period
 */
public record NamedImage(String name, float[] pixels, List<String> warnings) {
  /** An image without warnings. */
  public NamedImage(String name, float[] pixels) {
    this(name, pixels, List.of());
  }
}
