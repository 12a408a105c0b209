package mnist.data;

import java.util.List;
import java.util.Locale;

/**
 * How often images of each class were classified as each class.
 *
 * @param counts counts[label][prediction], 10 × 10
 */
public record ConfusionMatrix(int[][] counts) {

  /**
   * @param labels the class of each image, 0..9
   * @param predictions the predicted class of each image, 0..9
   */
  public static ConfusionMatrix of(byte[] labels, int[] predictions) {
    int[][] counts = new int[10][10];
    for (int i = 0; i < labels.length; i++) {
      counts[labels[i]][predictions[i]]++;
    }
    return new ConfusionMatrix(counts);
  }

  /** The number of images that were classified correctly. */
  public int correct() {
    int correct = 0;
    for (int c = 0; c < counts.length; c++) {
      correct += counts[c][c];
    }
    return correct;
  }

  /**
   * The share of a class's images that were classified correctly, 0..1; NaN if it has no images.
   */
  public double accuracy(int label) {
    int images = 0;
    for (int count : counts[label]) {
      images += count;
    }
    return images == 0 ? Double.NaN : (double) counts[label][label] / images;
  }

  /** The matrix as lines of text, one per class, each with its accuracy at the end. */
  public String toText(List<String> classNames) {
    StringBuilder text = new StringBuilder();
    int width = classNames.stream().mapToInt(String::length).max().orElse(1);
    text.append(" ".repeat(width + 2));
    for (int prediction = 0; prediction < 10; prediction++) {
      text.append(String.format("%6s", abbreviated(classNames.get(prediction))));
    }
    text.append("   accuracy\n");
    for (int label = 0; label < 10; label++) {
      text.append(String.format("  %-" + width + "s", classNames.get(label)));
      for (int prediction = 0; prediction < 10; prediction++) {
        text.append(
            String.format("%6s", counts[label][prediction] == 0 ? "." : counts[label][prediction]));
      }
      text.append(String.format(Locale.ROOT, "%10.2f%%%n", 100 * accuracy(label)));
    }
    return text.toString();
  }

  private static String abbreviated(String name) {
    return name.length() <= 5 ? name : name.substring(0, 5);
  }
}
