package mnist.model;

import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * What a convolutional layer makes of one image: a picture for each of its channels.
 *
 * @param count of channels
 * @param rows of each picture
 * @param columns of each picture
 * @param levels count × rows × columns values, 0 or more after ReLU, picture after picture, each
 *     row after row
 */
public record FeatureMaps(int count, int rows, int columns, float[] levels) {

  /** Of a layer's values, [1, rows, columns, channels]. */
  static FeatureMaps of(TFloat32 layer) {
    Shape shape = layer.shape();
    int rows = (int) shape.get(1);
    int columns = (int) shape.get(2);
    int count = (int) shape.get(3);
    float[] interleaved = new float[rows * columns * count];
    layer.asRawTensor().data().asFloats().read(interleaved);
    float[] levels = new float[interleaved.length];
    for (int i = 0; i < interleaved.length; i++) {
      levels[i % count * rows * columns + i / count] = interleaved[i];
    }
    return new FeatureMaps(count, rows, columns, levels);
  }
}
