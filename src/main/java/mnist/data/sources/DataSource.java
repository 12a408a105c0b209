package mnist.data.sources;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which data set to open. */
public enum DataSource {
  /** MNIST, or the drawn digits where MNIST can be neither found nor downloaded. */
  AUTO,
  /** MNIST and nothing else. */
  MNIST,
  /** Fashion-MNIST: ten kinds of clothing, in MNIST's form. */
  FASHION_MNIST,
  /** Digits drawn by the program itself. */
  SYNTHETIC;

  /**
   * The source of that name, upper or lower case: auto, mnist, fashion-mnist, synthetic.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static DataSource named(String name) {
    for (DataSource source : values()) {
      if (source.toString().equals(name.toLowerCase(Locale.ROOT))) {
        return source;
      }
    }
    throw new IllegalArgumentException(
        "expected one of %s, found %s"
            .formatted(
                Arrays.stream(values()).map(DataSource::toString).collect(Collectors.joining(", ")),
                name));
  }

  /** The name as options and {@code run.json} have it. */
  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
