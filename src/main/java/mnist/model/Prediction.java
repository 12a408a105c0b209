package mnist.model;

import static mnist.data.LabeledImages.CLASSES;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The classification of one image.
 *
 * @param probabilities of the classes 0..9, each 0..1
 */
public record Prediction(float[] probabilities) {

  /** Splits the probabilities of several images: 10 for each, concatenated. */
  public static List<Prediction> listOf(float... probabilities) {
    List<Prediction> predictions = new ArrayList<>();
    for (int from = 0; from < probabilities.length; from += CLASSES) {
      predictions.add(new Prediction(Arrays.copyOfRange(probabilities, from, from + CLASSES)));
    }
    return predictions;
  }

  /** The most probable class 0..9; of equally probable ones the lowest. */
  public int best() {
    return mostProbableExcept(-1);
  }

  /** The second most probable class 0..9. */
  public int secondBest() {
    return mostProbableExcept(best());
  }

  /** Whether the values are probabilities: each 0..1, with a sum of about 1. */
  public boolean isValid() {
    double sum = 0;
    for (float probability : probabilities) {
      if (!(probability >= 0 && probability <= 1.001f)) {
        return false;
      }
      sum += probability;
    }
    return Math.abs(sum - 1) < 0.01;
  }

  /**
   * The fields of a JSON object: image, class, its name and probability, all probabilities.
   *
   * @param image name of the image
   * @param classNames names of the classes 0..9
   * @param warnings why the image may not show the digit that it should; a field if there are any
   */
  public Map<String, Object> toJson(String image, List<String> classNames, List<String> warnings) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("image", image);
    json.put("class", best());
    json.put("name", classNames.get(best()));
    json.put("probability", probabilities[best()]);
    json.put("probabilities", probabilities);
    if (!warnings.isEmpty()) {
      json.put("warnings", warnings);
    }
    return json;
  }

  private int mostProbableExcept(int excluded) {
    int best = -1;
    for (int c = 0; c < probabilities.length; c++) {
      if (c != excluded && (best < 0 || probabilities[c] > probabilities[best])) {
        best = c;
      }
    }
    return best;
  }
}
