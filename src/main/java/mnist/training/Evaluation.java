package mnist.training;

import java.nio.FloatBuffer;
import java.util.Map;

/**
 * A measurement, and what else was seen while it was made. It never changes, whoever holds it and
 * however the training goes on.
 */
public final class Evaluation {
  private final Measurement measurement;
  private final int[] images;
  private final int[] predicted;
  private final Map<String, float[]> values;

  /**
   * @param images where each image stands in its set
   * @param predicted the class that each was taken for, 0..9
   * @param values of the nodes that were wanted, row-major
   */
  public Evaluation(
      Measurement measurement, int[] images, int[] predicted, Map<String, float[]> values) {
    this.measurement = measurement;
    this.images = images.clone();
    this.predicted = predicted.clone();
    this.values = Map.copyOf(values);
  }

  /** What was measured. */
  public Measurement measurement() {
    return measurement;
  }

  /** Where each image that was measured stands in its set, training or test, from 0. */
  public int[] images() {
    return images.clone();
  }

  /** The most probable class of each of these images, 0..9. */
  public int[] predicted() {
    return predicted.clone();
  }

  /**
   * The values of a node at that moment, row-major: of a variable all, of a layer those of each
   * image, image after image.
   *
   * @param node one that a listener {@linkplain TrainingListener#requestedTensors wanted}
   * @return read-only
   * @throws IllegalArgumentException if nobody wanted it
   */
  public FloatBuffer values(String node) {
    float[] found = values.get(node);
    if (found == null) {
      throw new IllegalArgumentException(
          "no values of " + node + " were wanted, only of " + values.keySet());
    }
    return FloatBuffer.wrap(found).asReadOnlyBuffer();
  }
}
