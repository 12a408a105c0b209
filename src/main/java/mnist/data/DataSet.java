package mnist.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Training and test images, and where they come from.
 *
 * @param name mnist, fashion-mnist, synthetic, or custom for a user's own files
 * @param source the folder they were read from
 * @param training images to train on
 * @param test images that are only measured, never trained on
 * @param classNames names of the classes 0..9
 * @param sha256 of each uncompressed file, in hexadecimal digits, by file name
 */
public record DataSet(
    String name,
    String source,
    LabeledImages training,
    LabeledImages test,
    List<String> classNames,
    Map<String, String> sha256) {

  /** The class names of digits. */
  public static final List<String> DIGITS =
      List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

  public DataSet {
    classNames = List.copyOf(classNames);
    sha256 = Collections.unmodifiableMap(new LinkedHashMap<>(sha256));
  }

  /** The same data set under another name. */
  public DataSet withName(String newName) {
    return new DataSet(newName, source, training, test, classNames, sha256);
  }
}
