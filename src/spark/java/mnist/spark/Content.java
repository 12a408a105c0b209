package mnist.spark;

import static mnist.data.LabeledImages.PIXELS;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import mnist.data.LabeledImages;
import mnist.images.ImageInput;
import mnist.images.NamedImage;

/** Bytes that should be a picture, or whatever else {@code make predict} takes for images. */
final class Content {
  private Content() {}

  /**
   * The images of a file's content.
   *
   * @param name of the file
   */
  static List<Found> ofFile(String name, byte[] content) {
    List<Found> found = new ArrayList<>();
    ImageInput.read(
        new ByteArrayInputStream(content),
        name,
        new ImageInput.Listener() {
          @Override
          public void onImage(NamedImage image) {
            found.add(Found.image(image.name(), image.pixels()));
          }

          @Override
          public void onError(String reason) {
            found.add(Found.refused(name, reason));
          }
        });
    return found;
  }

  /**
   * The image of a cell: a picture, or the 784 grey levels themselves.
   *
   * @param name of the row
   * @param cell null if it is empty
   */
  static List<Found> ofCell(String name, byte[] cell) {
    if (cell == null) {
      return List.of(Found.refused(name, name + " is empty, expected an image"));
    }
    if (cell.length == PIXELS && !startsAsPicture(cell)) {
      return List.of(Found.image(name, LabeledImages.normalize(cell)));
    }
    return ofFile(name, cell);
  }

  private static boolean startsAsPicture(byte[] cell) {
    int start = (cell[0] & 0xff) << 8 | cell[1] & 0xff;
    return start == 0x8950 || start == 0xffd8 || start == 0x4749 || start == 0x424d;
  }
}
