package mnist.crosscheck;

import java.util.Locale;

/**
 * The difference between two lists of numbers.
 *
 * @param equalBits whether all pairs are equal to the last bit
 * @param largest the largest absolute difference
 * @param largestRelative the largest difference relative to max(1, Python's number)
 */
public record Difference(boolean equalBits, double largest, double largestRelative) {

  /**
   * Compares the numbers pairwise.
   *
   * @throws CrossCheckException if the lists' lengths differ
   */
  public static Difference between(String what, float[] java, float[] python)
      throws CrossCheckException {
    if (java.length != python.length) {
      throw new CrossCheckException(
          "%s: Java has %d numbers, Python %d".formatted(what, java.length, python.length));
    }
    boolean equal = true;
    double largest = 0;
    double relative = 0;
    for (int i = 0; i < java.length; i++) {
      equal &= Float.floatToRawIntBits(java[i]) == Float.floatToRawIntBits(python[i]);
      double difference = Math.abs((double) java[i] - python[i]);
      // NaN differs from everything.
      difference = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
      largest = Math.max(largest, difference);
      relative = Math.max(relative, difference / Math.max(1, Math.abs((double) python[i])));
    }
    return new Difference(equal, largest, relative);
  }

  /** "equal", or the largest difference. */
  @Override
  public String toString() {
    return equalBits ? "equal" : String.format(Locale.ROOT, "%.1e", largest);
  }
}
