package mnist.spark;

import static mnist.data.LabeledImages.PIXELS;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import mnist.data.LabeledImages;
import mnist.images.ImageInput;
import mnist.images.NamedImage;

/**
 * An image to classify, or the reason why there is none.
 *
 * @param name as {@code make predict} names it: a file, followed by {@code [12]} for image 12 of an
 *     IDX file or row 12 of a Parquet file, counted from 0
 * @param pixels 28 × 28 values 0..1, white digit on black; null if there is an error
 * @param error one line; null if there is an image
 */
record ImageOrError(String name, float[] pixels, String error) {
  static ImageOrError image(String name, float[] pixels) {
    return new ImageOrError(name, pixels, null);
  }

  static ImageOrError error(String name, String error) {
    return new ImageOrError(name, null, error);
  }

  /** An image from bytes 0..255; an error if it is blank. */
  static ImageOrError ofBytes(String name, byte[] pixels) {
    return ImageInput.isBlank(pixels)
        ? error(name, name + ": the image is blank")
        : image(name, LabeledImages.normalize(pixels));
  }

  /** The images of a file in any format that {@code make predict} reads. */
  static List<ImageOrError> ofFile(String name, InputStream content) {
    List<ImageOrError> images = new ArrayList<>();
    ImageInput.read(
        content,
        name,
        new ImageInput.Listener() {
          @Override
          public void onImage(NamedImage image) {
            images.add(image(image.name(), image.pixels()));
          }

          @Override
          public void onError(String message) {
            images.add(error(name, message));
          }
        });
    return images;
  }

  /** The images of a table cell: a file's content, or 784 pixel values; null if it is empty. */
  static List<ImageOrError> ofCell(String name, byte[] cell) {
    if (cell == null) {
      return List.of(error(name, name + " is empty, expected an image"));
    }
    if (cell.length == PIXELS && !startsLikePicture(cell)) {
      return List.of(image(name, LabeledImages.normalize(cell)));
    }
    return ofFile(name, new ByteArrayInputStream(cell));
  }

  private static boolean startsLikePicture(byte[] cell) {
    int start = (cell[0] & 0xff) << 8 | cell[1] & 0xff;
    return start == 0x8950 || start == 0xffd8 || start == 0x4749 || start == 0x424d;
  }
}
