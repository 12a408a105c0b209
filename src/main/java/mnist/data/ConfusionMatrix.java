package mnist.data;

import java.util.List;
import java.util.Locale;

/**
 * How often each class was taken for each.
 *
 * @param counts counts[right][said], 10 × 10
 */
public record ConfusionMatrix(int[][] counts) {

  /**
   * Counts.
   *
   * @param right the right class of each image, 0..9
   * @param said what the network says of each image, 0..9
   */
  public static ConfusionMatrix of(byte[] right, int[] said) {
    int[][] counts = new int[10][10];
    for (int i = 0; i < right.length; i++) {
      counts[right[i]][said[i]]++;
    }
    return new ConfusionMatrix(counts);
  }

  /** How many images were recognised. */
  public int correct() {
    int correct = 0;
    for (int c = 0; c < counts.length; c++) {
      correct += counts[c][c];
    }
    return correct;
  }

  /** The share of a class's images that were recognised, 0..1; NaN for a class without images. */
  public double accuracy(int right) {
    int images = 0;
    for (int count : counts[right]) {
      images += count;
    }
    return images == 0 ? Double.NaN : (double) counts[right][right] / images;
  }

  /** The matrix as lines of text, each right class with its accuracy at the end. */
  public String toText(List<String> classNames) {
    StringBuilder text = new StringBuilder();
    int width = classNames.stream().mapToInt(String::length).max().orElse(1);
    text.append(" ".repeat(width + 2));
    for (int said = 0; said < 10; said++) {
      text.append(String.format("%6s", abbreviated(classNames.get(said))));
    }
    text.append("   accuracy\n");
    for (int right = 0; right < 10; right++) {
      text.append(String.format("  %-" + width + "s", classNames.get(right)));
      for (int said = 0; said < 10; said++) {
        text.append(String.format("%6s", counts[right][said] == 0 ? "." : counts[right][said]));
      }
      text.append(String.format(Locale.ROOT, "%10.2f%%%n", 100 * accuracy(right)));
    }
    return text.toString();
  }

  private static String abbreviated(String name) {
    return name.length() <= 5 ? name : name.substring(0, 5);
  }
}
