package mnist.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Images to train on and images to test on, and where they come from.
 *
 * @param name mnist, fashion-mnist, synthetic, or custom for a user's own files
 * @param source the folder they were read from
 * @param training what is trained on
 * @param test what is only ever measured
 * @param classNames names of the classes 0..9
 * @param sha256 of each file, unpacked: file name → hexadecimal digits
 */
public record DataSet(
    String name,
    String source,
    LabelledImages training,
    LabelledImages test,
    List<String> classNames,
    Map<String, String> sha256) {

  /** Names of the classes where they are digits. */
  public static final List<String> DIGITS =
      List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

  public DataSet {
    classNames = List.copyOf(classNames);
    sha256 = Collections.unmodifiableMap(new LinkedHashMap<>(sha256));
  }

  /** The same data set under another name. */
  public DataSet named(String other) {
    return new DataSet(other, source, training, test, classNames, sha256);
  }
}
