package mnist.model;

import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * The activations of a convolutional layer for one image: a grid of values for each channel.
 *
 * @param channels number of channels
 * @param rows height of each grid
 * @param columns width of each grid
 * @param values channels × rows × columns values, row-major; 0 or more after ReLU
 */
public record FeatureMaps(int channels, int rows, int columns, float[] values) {

  /** From activations of shape [1, rows, columns, channels]. */
  static FeatureMaps of(TFloat32 activations) {
    Shape shape = activations.shape();
    int rows = (int) shape.get(1);
    int columns = (int) shape.get(2);
    int channels = (int) shape.get(3);
    float[] interleaved = new float[rows * columns * channels];
    activations.asRawTensor().data().asFloats().read(interleaved);
    float[] values = new float[interleaved.length];
    for (int i = 0; i < interleaved.length; i++) {
      values[i % channels * rows * columns + i / channels] = interleaved[i];
    }
    return new FeatureMaps(channels, rows, columns, values);
  }
}
