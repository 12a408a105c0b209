package mnist.training;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import mnist.data.Batch;
import mnist.data.Split;
import mnist.nn.Network;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Measures the network, and fetches the tensors that listeners request in the same runs. */
final class Evaluator {
  private final Network network;
  private final BiFunction<Split, Batch, Session.Runner> feed;
  private final Map<Split, List<Output<?>>> requested = new EnumMap<>(Split.class);
  private final Map<Split, List<Output<?>>> fetches = new EnumMap<>(Split.class);

  /**
   * @param feed a run that is fed with a batch of a split, without dropout
   * @throws IllegalArgumentException if the listener requests a node that is missing or does not
   *     compute float32
   */
  Evaluator(
      Network network, BiFunction<Split, Batch, Session.Runner> feed, TrainingListener listener) {
    this.network = network;
    this.feed = feed;
    for (Split split : Split.values()) {
      Set<Output<?>> all = new LinkedHashSet<>();
      all.add(network.accuracy());
      all.add(network.crossEntropy());
      all.add(network.predicted());
      network.learningRate().ifPresent(all::add);
      List<Output<?>> outputs =
          listener.requestedTensors(split).stream().<Output<?>>map(this::output).toList();
      all.addAll(outputs);
      requested.put(split, outputs);
      fetches.put(split, List.copyOf(all));
    }
  }

  private Output<?> output(String node) {
    Output<?> output = network.graph().outputOrThrow(node);
    if (output.type() != TFloat32.class) {
      throw new IllegalArgumentException(
          node + " is " + output.dataType() + ", but listeners can request only float32");
    }
    if (output.op().type().equals("Placeholder")) {
      throw new IllegalArgumentException(node + " is a placeholder, which cannot be requested");
    }
    return output;
  }

  /**
   * Accuracy, loss and learning rate over some batches: the share of all images that are classified
   * correctly, and the mean of the batches' losses, weighted by their sizes and summed in double
   * precision.
   */
  Evaluation evaluate(Split split, List<Batch> batches, int iteration, int epoch)
      throws TrainingException {
    int[] indices = batches.stream().flatMapToInt(batch -> IntStream.of(batch.indices())).toArray();
    int images = indices.length;
    int[] predicted = new int[images];
    Map<String, float[]> values = new HashMap<>();
    int correct = 0;
    double loss = 0;
    float learningRate = Float.NaN;
    int first = 0;
    for (Batch batch : batches) {
      Session.Runner runner = feed.apply(split, batch);
      fetches.get(split).forEach(runner::fetch);
      try (Result result = runner.run()) {
        correct += Math.round(scalar(result, 0) * batch.size());
        loss += (double) scalar(result, 1) * batch.size();
        TInt64 classes = (TInt64) result.get(2);
        for (int i = 0; i < batch.size(); i++) {
          predicted[first + i] = (int) classes.getLong(i);
        }
        learningRate =
            network.learningRate().isPresent()
                ? scalar(result, 3)
                : network.hyperparameters().learningRate;
        for (Output<?> node : requested.get(split)) {
          TFloat32 tensor = (TFloat32) result.get(fetches.get(split).indexOf(node));
          copy(node, tensor, values, first, images);
        }
      }
      first += batch.size();
    }
    TrainingException.requireNumbers("the loss", iteration, (float) loss);
    Measurement measurement =
        new Measurement(
            iteration,
            epoch,
            split,
            (float) correct / images,
            (float) (loss / images),
            learningRate);
    return new Evaluation(measurement, indices, predicted, values);
  }

  /** A layer's values are appended to those of the batches before; a variable's are kept once. */
  private static void copy(
      Output<?> node, TFloat32 tensor, Map<String, float[]> values, int first, int images) {
    boolean perImage =
        node.shape().numDimensions() > 0 && node.shape().get(0) == Shape.UNKNOWN_SIZE;
    int size = (int) tensor.size();
    if (!perImage && first > 0) {
      return;
    }
    int imageSize = perImage ? size / (int) tensor.shape().get(0) : size;
    float[] all =
        values.computeIfAbsent(
            node.op().name(), name -> new float[perImage ? images * imageSize : size]);
    tensor.asRawTensor().data().asFloats().read(all, perImage ? first * imageSize : 0, size);
  }

  static float scalar(Result result, int index) {
    return ((TFloat32) result.get(index)).getFloat();
  }
}
