package mnist.training;

import static mnist.training.Measurement.Set.TEST;
import static mnist.training.Measurement.Set.TRAIN;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import mnist.data.Batch;
import mnist.data.Batches;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.LabelledImages;
import mnist.export.ModelCard;
import mnist.export.ModelException;
import mnist.export.SavedModelFolder;
import mnist.network.Network;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The loop of the tutorial: take a batch, measure when it is time to, make a step.
 *
 * <p>Everything that a step feeds is allocated once and written anew in place.
 */
public final class TrainingLoop implements AutoCloseable {
  /**
   * The test set is measured a part at a time: the activations of all 10,000 images at once would
   * take several hundred megabytes.
   */
  private static final int TEST_BATCH = 1000;

  /** The times of so many steps, the last ones, are kept for their median. */
  private static final int MOST_TIMED = 1_000_000;

  private final Script script;
  private final DataSet data;
  private final Network network;
  private final Session session;
  private final Batches batches;
  private final List<Batch> test;
  private final TInt32 step;
  private final TFloat32 pkeepInTraining;
  private final TFloat32 pkeepInMeasuring;
  private float[] bestWeights;

  /**
   * Opens a session and initialises the variables.
   *
   * @param script when to measure; how many iterations
   * @param network what to train; its graph stays the caller's to close
   * @param batchSize images per step, 1 to the number of training images
   * @param seed of the order of the training images
   * @throws DataException if there are fewer training images than a batch takes
   */
  public TrainingLoop(Script script, Network network, DataSet data, int batchSize, long seed)
      throws DataException {
    this.script = script;
    this.network = network;
    this.data = data;
    batches = new Batches(data.training(), batchSize, seed);
    test = Batch.allOf(data.test(), TEST_BATCH);
    step = TInt32.scalarOf(0);
    pkeepInMeasuring = TFloat32.scalarOf(1);
    pkeepInTraining = TFloat32.scalarOf(network.keepProbability().orElse(1f));
    session = new Session(network.graph());
    try {
      session.initialize();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Trains from iteration 0 to the script's last.
   *
   * @param listener told of every measurement and step
   * @param stop asked after every step whether to end early
   * @throws TrainingException if the loss is no longer a number
   * @throws IOException if the listener could not keep a measurement
   */
  public Outcome run(TrainingListener listener, BooleanSupplier stop)
      throws TrainingException, IOException {
    long start = System.nanoTime();
    long[] nanos = new long[Math.min(MOST_TIMED, script.iterations()) + 1];
    Optional<Measurement> best = Optional.empty();
    Optional<Measurement> last = Optional.empty();
    int iteration = 0;
    // The feeds are the same tensors at every step, only their contents change.
    Session.Runner trainStep =
        feeding(batches.batch(), pkeepInTraining)
            .addTarget(network.trainStep())
            .fetch(network.crossEntropy());

    while (iteration <= script.iterations() && !stop.getAsBoolean()) {
      long began = System.nanoTime();
      Batch batch = batches.next();
      step.setInt(iteration);
      long filled = System.nanoTime() - began;

      if (script.measuresTraining(iteration)) {
        listener.measured(measure(TRAIN, List.of(batch), iteration));
      }
      if (script.measuresTest(iteration)) {
        Measurement measurement = measure(TEST, test, iteration);
        listener.measured(measurement);
        last = Optional.of(measurement);
        if (best.isEmpty() || measurement.accuracy() > best.get().accuracy()) {
          best = last;
          bestWeights = weights(); // a millisecond, beside the test set's hundred
        }
      }

      began = System.nanoTime();
      try (Result result = trainStep.run()) {
        refuseNaN(scalar(result, 0), iteration);
      }
      long took = filled + System.nanoTime() - began;
      nanos[iteration % nanos.length] = took;
      listener.stepped(iteration, took);
      iteration++;
    }

    Outcome.Ending ending =
        iteration > script.iterations() ? Outcome.Ending.COMPLETED : Outcome.Ending.INTERRUPTED;
    return new Outcome(
        ending,
        iteration,
        best,
        last,
        ConfusionMatrix.of(data.test().labels(), predictedClasses(iteration - 1)),
        medianMillis(Arrays.copyOf(nanos, Math.min(iteration, nanos.length))),
        (System.nanoTime() - start) / 1e9,
        sha256(weights()));
  }

  /**
   * Accuracy, loss and learning rate over some batches, all neurons taking part. The accuracy is
   * the number of images that were recognised, divided by all; the loss is the mean of the batches'
   * losses, weighed by their images, added up in double precision.
   */
  private Measurement measure(Measurement.Set set, List<Batch> parts, int iteration)
      throws TrainingException {
    int correct = 0;
    double loss = 0;
    int images = 0;
    float learningRate = network.constantLearningRate().orElse(Float.NaN);
    for (Batch part : parts) {
      Session.Runner runner =
          feeding(part, pkeepInMeasuring).fetch(network.accuracy()).fetch(network.crossEntropy());
      network.learningRate().ifPresent(runner::fetch);
      try (Result result = runner.run()) {
        correct += Math.round(scalar(result, 0) * part.size());
        loss += (double) scalar(result, 1) * part.size();
        images += part.size();
        if (network.learningRate().isPresent()) {
          learningRate = scalar(result, 2);
        }
      }
    }
    refuseNaN((float) loss, iteration);
    return new Measurement(
        iteration,
        epoch(iteration),
        set,
        (float) correct / images,
        (float) (loss / images),
        learningRate);
  }

  private static float scalar(Result result, int index) {
    return ((TFloat32) result.get(index)).getFloat();
  }

  /** As the scripts count: iterations times batch size, divided by the number of images. */
  private int epoch(int iteration) {
    return (int) ((long) iteration * batches.batch().size() / data.training().count()) + 1;
  }

  private Session.Runner feeding(Batch batch, TFloat32 pkeep) {
    Session.Runner runner =
        session
            .runner()
            .feed(network.images(), batch.images())
            .feed(network.labels(), batch.labels());
    network.step().ifPresent(placeholder -> runner.feed(placeholder.output(0), step));
    network.pkeep().ifPresent(placeholder -> runner.feed(placeholder.output(0), pkeep));
    return runner;
  }

  private static void refuseNaN(float loss, int iteration) throws TrainingException {
    if (Float.isNaN(loss)) {
      throw new TrainingException(
          "the loss is not a number (NaN) at step "
              + iteration
              + "; training has run away: try a smaller --learning-rate");
    }
  }

  private static double medianMillis(long[] nanos) {
    Arrays.sort(nanos);
    return nanos.length == 0 ? Double.NaN : nanos[nanos.length / 2] / 1e6;
  }

  /** The most probable class of each test image, the lower of two that are equally probable. */
  private int[] predictedClasses(int lastStep) throws TrainingException {
    int[] classes = new int[data.test().count()];
    int image = 0;
    for (Batch part : test) {
      try (Result result = feeding(part, pkeepInMeasuring).fetch(network.probabilities()).run()) {
        TFloat32 probabilities = (TFloat32) result.get(0);
        refuseNaN(probabilities.getFloat(0, 0), lastStep);
        for (int i = 0; i < part.size(); i++, image++) {
          for (int c = 1; c < LabelledImages.CLASSES; c++) {
            if (probabilities.getFloat(i, c) > probabilities.getFloat(i, classes[image])) {
              classes[image] = c;
            }
          }
        }
      }
    }
    return classes;
  }

  /** The variables' present values, in the chapter's order, each row-major. */
  public float[] weights() {
    Session.Runner runner = session.runner();
    network.variables().forEach((Operand<TFloat32> variable) -> runner.fetch(variable));
    return floats(runner);
  }

  /**
   * The variables' values at the best test measurement, see {@link Outcome#best()}; as {@link
   * #weights()} gives them.
   *
   * @throws IllegalStateException if the test set has not been measured
   */
  public float[] bestWeights() {
    if (bestWeights == null) {
      throw new IllegalStateException("the test set has not been measured");
    }
    return bestWeights;
  }

  /**
   * What some nodes come to on a batch, with the feeds of iteration 0 and all neurons taking part.
   *
   * @param outputs such as {@code "gradients/MatMul:1"}, each float32
   * @return their values one after the other, each row-major
   */
  public float[] values(List<String> outputs, Batch batch) {
    step.setInt(0);
    Session.Runner runner = feeding(batch, pkeepInMeasuring);
    outputs.forEach(runner::fetch);
    return floats(runner);
  }

  private static float[] floats(Session.Runner runner) {
    try (Result result = runner.run()) {
      int size = 0;
      for (int i = 0; i < result.size(); i++) {
        size += (int) ((TFloat32) result.get(i)).size();
      }
      float[] values = new float[size];
      int from = 0;
      for (int i = 0; i < result.size(); i++) {
        TFloat32 tensor = (TFloat32) result.get(i);
        tensor.asRawTensor().data().asFloats().read(values, from, (int) tensor.size());
        from += (int) tensor.size();
      }
      return values;
    }
  }

  /**
   * Writes a SavedModel with the {@link #bestWeights()}.
   *
   * @param folder must not exist, unless it may be overwritten
   * @param overwrite whether a model that is there may be replaced
   * @param best the measurement that those weights come from
   * @throws ModelException if it cannot be written
   */
  public ModelCard export(Path folder, boolean overwrite, Measurement best) throws IOException {
    ModelCard card =
        new ModelCard(
            script.name(),
            script.title(),
            data.name(),
            best.iteration(),
            best.accuracy(),
            sha256(bestWeights()),
            data.classNames(),
            Versions.all());
    SavedModelFolder.write(folder, overwrite, network, bestWeights(), card);
    return card;
  }

  /** SHA-256 of weights as little-endian float32, in hexadecimal digits. */
  public static String sha256(float[] weights) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * weights.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(weights);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() {
    session.close();
    pkeepInMeasuring.close();
    pkeepInTraining.close();
    step.close();
    test.forEach(Batch::close);
    batches.close();
  }
}
