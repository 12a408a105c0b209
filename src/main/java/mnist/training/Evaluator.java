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

/** Measures the network, and sees on the way what the listeners want to see. */
final class Evaluator {
  private final Network network;
  private final BiFunction<Split, Batch, Session.Runner> feeding;
  private final Map<Split, List<Output<?>>> wanted = new EnumMap<>(Split.class);
  private final Map<Split, List<Output<?>>> fetched = new EnumMap<>(Split.class);

  /**
   * @param feeding a run that is fed with a batch of a set, all neurons taking part
   * @throws IllegalArgumentException if the listener wants what is no node that computes float32
   */
  Evaluator(
      Network network,
      BiFunction<Split, Batch, Session.Runner> feeding,
      TrainingListener listener) {
    this.network = network;
    this.feeding = feeding;
    for (Split split : Split.values()) {
      wanted.put(
          split, listener.requestedTensors(split).stream().<Output<?>>map(this::output).toList());
      fetched.put(split, fetched(wanted.get(split)));
    }
  }

  /** What is measured, and what is wanted beside it: each once. */
  private List<Output<?>> fetched(List<Output<?>> wanted) {
    Set<Output<?>> all = new LinkedHashSet<>();
    all.add(network.accuracy());
    all.add(network.crossEntropy());
    all.add(network.predicted());
    network.learningRate().ifPresent(all::add);
    all.addAll(wanted);
    return List.copyOf(all);
  }

  private Output<?> output(String node) {
    Output<?> output = network.graph().outputOrThrow(node);
    if (output.type() != TFloat32.class) {
      throw new IllegalArgumentException(
          node + " is " + output.dataType() + ", and listeners see float32 only");
    }
    if (output.op().type().equals("Placeholder")) {
      throw new IllegalArgumentException(node + " is fed, there is nothing to see");
    }
    return output;
  }

  /**
   * Accuracy, loss and learning rate over some batches. The accuracy is the number of images that
   * were recognised, divided by all; the loss is the mean of the batches' losses, weighed by their
   * images, added up in double precision.
   */
  Evaluation of(Split split, List<Batch> parts, int iteration, int epoch) throws TrainingException {
    int images = parts.stream().mapToInt(Batch::size).sum();
    int[] places = parts.stream().flatMapToInt(part -> IntStream.of(part.indices())).toArray();
    int[] predicted = new int[images];
    Map<String, float[]> values = new HashMap<>();
    int correct = 0;
    double loss = 0;
    float learningRate = Float.NaN;
    int first = 0;
    for (Batch part : parts) {
      Found found = found(split, part, first, predicted, values);
      correct += Math.round(found.accuracy() * part.size());
      loss += (double) found.loss() * part.size();
      learningRate = found.learningRate();
      first += part.size();
    }
    TrainingException.refuseNaN("the loss", iteration, (float) loss);
    Measurement measurement =
        new Measurement(
            iteration,
            epoch,
            split,
            (float) correct / images,
            (float) (loss / images),
            learningRate);
    return new Evaluation(measurement, places, predicted, Map.copyOf(values));
  }

  private record Found(float accuracy, float loss, float learningRate) {}

  /**
   * Runs one part.
   *
   * @param first how many images are in the parts before it
   * @param predicted and {@code values} have room for all parts
   */
  private Found found(
      Split split, Batch part, int first, int[] predicted, Map<String, float[]> values) {
    Session.Runner runner = feeding.apply(split, part);
    fetched.get(split).forEach(runner::fetch);
    try (Result result = runner.run()) {
      TInt64 classes = (TInt64) result.get(2);
      for (int i = 0; i < part.size(); i++) {
        predicted[first + i] = (int) classes.getLong(i);
      }
      for (Output<?> node : wanted.get(split)) {
        TFloat32 value = (TFloat32) result.get(fetched.get(split).indexOf(node));
        keep(node, value, values, first, predicted.length);
      }
      float learningRate =
          network.learningRate().isPresent()
              ? scalar(result, 3)
              : network.hyperparameters().learningRate;
      return new Found(scalar(result, 0), scalar(result, 1), learningRate);
    }
  }

  /** Values of each image go behind those of the images before; all others are the same for all. */
  private static void keep(
      Output<?> node, TFloat32 found, Map<String, float[]> values, int first, int images) {
    boolean ofImages =
        node.shape().numDimensions() > 0 && node.shape().get(0) == Shape.UNKNOWN_SIZE;
    int size = (int) found.size();
    if (!ofImages && first > 0) {
      return;
    }
    int ofOne = ofImages ? size / (int) found.shape().get(0) : size;
    float[] all =
        values.computeIfAbsent(
            node.op().name(), name -> new float[ofImages ? images * ofOne : size]);
    found.asRawTensor().data().asFloats().read(all, ofImages ? first * ofOne : 0, size);
  }

  static float scalar(Result result, int index) {
    return ((TFloat32) result.get(index)).getFloat();
  }
}
