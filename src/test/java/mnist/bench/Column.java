package mnist.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A column of a table: medians of one value over rounds. */
record Column<T>(String title, String format, ToDoubleFunction<T> value) {

  /** The median; the greater of the middle two if the number of rounds is even. */
  String median(List<T> rounds) {
    return text(format, median(rounds.stream().mapToDouble(value).toArray()));
  }

  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
