package mnist.training;

import java.nio.FloatBuffer;
import java.util.Map;

/** A measurement with the predictions and tensor values behind it: an immutable snapshot. */
public final class Evaluation {
  private final Measurement measurement;
  private final int[] images;
  private final int[] predicted;
  private final Map<String, float[]> values;

  /**
   * @param images the index of each image in its split
   * @param predicted the predicted class of each image, 0..9
   * @param values of the requested tensors, row-major
   */
  public Evaluation(
      Measurement measurement, int[] images, int[] predicted, Map<String, float[]> values) {
    this.measurement = measurement;
    this.images = images.clone();
    this.predicted = predicted.clone();
    this.values = Map.copyOf(values);
  }

  public Measurement measurement() {
    return measurement;
  }

  /** The index of each measured image in its split, from 0. */
  public int[] images() {
    return images.clone();
  }

  /** The most probable class of each of these images, 0..9. */
  public int[] predicted() {
    return predicted.clone();
  }

  /**
   * The values of a requested tensor, row-major: those of a layer image after image.
   *
   * @param node one of the {@linkplain TrainingListener#requestedTensors requested tensors}
   * @return read-only
   * @throws IllegalArgumentException if it was not requested
   */
  public FloatBuffer values(String node) {
    float[] value = values.get(node);
    if (value == null) {
      throw new IllegalArgumentException(
          node + " was not requested, only " + values.keySet() + " were");
    }
    return FloatBuffer.wrap(value).asReadOnlyBuffer();
  }
}
