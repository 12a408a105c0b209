package mnist.model;

import static mnist.data.LabelledImages.CLASSES;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a model says of one image.
 *
 * @param probabilities of the classes 0..9, each 0..1
 */
public record Prediction(float[] probabilities) {

  /**
   * What a model says of several.
   *
   * @param probabilities 10 for each image, image after image
   */
  public static List<Prediction> each(float... probabilities) {
    List<Prediction> each = new ArrayList<>();
    for (int from = 0; from < probabilities.length; from += CLASSES) {
      each.add(new Prediction(Arrays.copyOfRange(probabilities, from, from + CLASSES)));
    }
    return each;
  }

  /** The most probable class, the lower of two that are equally probable. */
  public int best() {
    return mostProbableBut(-1);
  }

  /** The most probable class after {@link #best()}. */
  public int nextBest() {
    return mostProbableBut(best());
  }

  /** Whether these are probabilities: 0..1 each, about 1 together. */
  public boolean isProbable() {
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
   * As an object of JSON: image, class, its name and probability, all probabilities.
   *
   * @param image what the image is called by
   * @param classNames names of the classes 0..9
   */
  public Map<String, Object> toJson(String image, List<String> classNames) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("image", image);
    json.put("class", best());
    json.put("name", classNames.get(best()));
    json.put("probability", probabilities[best()]);
    json.put("probabilities", probabilities);
    return json;
  }

  private int mostProbableBut(int excluded) {
    int most = -1;
    for (int c = 0; c < probabilities.length; c++) {
      if (c != excluded && (most < 0 || probabilities[c] > probabilities[most])) {
        most = c;
      }
    }
    return most;
  }
}
