package mnist.runs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.EagerSession;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.Restore;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * Variables in TensorFlow's checkpoint files, which Python's {@code tf.train.load_checkpoint}
 * reads. They are written and read outside of any graph.
 */
final class VariableFiles {
  private VariableFiles() {}

  /**
   * Writes {@code <prefix>.index} and {@code <prefix>.data-00000-of-00001}.
   *
   * @param shapes of the variables, by name
   * @param values of the same variables, row-major
   */
  static void write(Path prefix, Map<String, Shape> shapes, Map<String, float[]> values) {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      List<Operand<?>> tensors = new ArrayList<>();
      values.forEach(
          (name, value) -> tensors.add(tf.constant(shapes.get(name), DataBuffers.of(value))));
      List<String> names = List.copyOf(values.keySet());
      tf.train.save(
          tf.constant(prefix.toString()),
          tf.constant(vector(names)),
          tf.constant(fullSlices(names)),
          tensors);
    }
  }

  /** Reads the named variables back, each row-major. */
  static Map<String, float[]> read(Path prefix, List<String> names) {
    Map<String, float[]> values = new LinkedHashMap<>();
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      Restore restored =
          tf.train.restore(
              tf.constant(prefix.toString()),
              tf.constant(vector(names)),
              tf.constant(fullSlices(names)),
              Collections.<Class<? extends TType>>nCopies(names.size(), TFloat32.class));
      for (int i = 0; i < names.size(); i++) {
        TFloat32 tensor = (TFloat32) restored.tensors().get(i).asTensor();
        float[] value = new float[(int) tensor.size()];
        tensor.asRawTensor().data().asFloats().read(value);
        values.put(names.get(i), value);
      }
    }
    return values;
  }

  private static NdArray<String> vector(List<String> names) {
    return NdArrays.vectorOfObjects(names.toArray(String[]::new));
  }

  /** An empty slice specification for each, which means the whole tensor. */
  private static NdArray<String> fullSlices(List<String> names) {
    return vector(Collections.nCopies(names.size(), ""));
  }
}
