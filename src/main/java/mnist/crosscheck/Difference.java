package mnist.crosscheck;

import java.util.Locale;

/**
 * How far apart two lists of numbers are.
 *
 * @param equalBits whether all are equal, to the last bit
 * @param largest the largest absolute difference
 * @param largestRelative the largest, divided by the larger of 1 and the reference's number
 */
public record Difference(boolean equalBits, double largest, double largestRelative) {

  /**
   * Compares number by number.
   *
   * @throws CrossCheckException if there are not as many on both sides
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
      // A NaN is as far away as can be.
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
