package mnist.training;

import static mnist.data.Split.TEST;
import static mnist.data.Split.TRAIN;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import mnist.data.Batch;
import mnist.data.Batches;
import mnist.data.ConfusionMatrix;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.nn.Weights;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RewriterConfig;
import org.tensorflow.types.TBool;
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

  private final Schedule schedule;
  private final DataSet data;
  private final Network network;
  private final Session session;
  private final Batches batches;
  private final List<Batch> test;
  private final TInt32 step;
  private final TBool testing;
  private final TBool notTesting;
  private final TFloat32 keepAll;
  private final TFloat32 keepInTraining;
  private final Session.Runner trainStep;
  private final Optional<Session.Runner> updateAfterStep;
  private final SessionState sessionState;
  private final RandomState randomNodes;

  // How far the training has come.
  private int iteration;
  private Optional<Measurement> last = Optional.empty();
  private Optional<TrainingResult.Best> best = Optional.empty();
  private double secondsBefore;

  /**
   * Opens a session and initialises the variables.
   *
   * @param network what to train, which stays the caller's to close; its seed is also that of the
   *     order of the training images
   * @param batchSize images per step, 1 to the number of training images
   * @throws DataException if there are fewer training images than a batch takes
   */
  public TrainingLoop(Schedule schedule, Network network, DataSet data, int batchSize)
      throws DataException {
    this.schedule = schedule;
    this.network = network;
    this.data = data;
    batches = new Batches(data.training(), batchSize, network.hyperparameters().seed);
    test = Batch.allOf(data.test(), TEST_BATCH);
    step = TInt32.scalarOf(0);
    testing = TBool.scalarOf(true);
    notTesting = TBool.scalarOf(false);
    keepAll = TFloat32.scalarOf(1);
    Float keepProbability = network.hyperparameters().keepProbability;
    keepInTraining = TFloat32.scalarOf(keepProbability == null ? 1 : keepProbability);
    session = new Session(network.graph(), config(network));
    // Fed with the same tensors at every step, only their contents change.
    trainStep =
        feeding(batches.batch(), keepInTraining, notTesting)
            .addTarget(network.trainStep())
            .fetch(network.trainingLoss());
    updateAfterStep =
        network.updateEma().map(feeding(batches.batch(), keepAll, notTesting)::addTarget);
    sessionState = new SessionState(session, network);
    randomNodes = new RandomState(session, network);
    try {
      session.initialize();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * What TensorFlow may make of the graph before it runs it: all that it does by default. But where
   * there is batch norm it keeps the order in which a layer's three gradients are added up; it
   * would sort them by their nodes' names, which are others in Python, and round otherwise.
   */
  private static ConfigProto config(Network network) {
    ConfigProto.Builder config = ConfigProto.newBuilder();
    if (network.tst().isPresent()) {
      config
          .getGraphOptionsBuilder()
          .getRewriteOptionsBuilder()
          .setArithmeticOptimization(RewriterConfig.Toggle.OFF);
    }
    return config.build();
  }

  /**
   * Takes up a training where another loop over the same network, images and batch size left it.
   *
   * @throws IllegalArgumentException if the state is that of another network
   */
  public void restore(TrainingState state) {
    sessionState.assign(state.variables());
    randomNodes.fastForward(state.drawn());
    batches.skip(state.next());
    iteration = state.next();
    last = state.last();
    best = state.best();
    secondsBefore = state.seconds();
  }

  /**
   * Trains from iteration 0, or where another training was taken up, to the schedule's last.
   *
   * @param listener told of every measurement and step
   * @param stop asked after every step whether to end early
   * @throws TrainingException if the loss is no longer a number
   * @throws IOException if the listener could not keep a measurement
   */
  public TrainingResult run(TrainingListener listener, BooleanSupplier stop)
      throws TrainingException, IOException {
    long start = System.nanoTime();
    StepTimes times = new StepTimes(schedule.iterations());
    Evaluator evaluation = new Evaluator(network, this::measuring, listener);

    while (iteration <= schedule.iterations() && !stop.getAsBoolean()) {
      long began = System.nanoTime();
      Batch batch = batches.next();
      step.setInt(iteration);
      long filled = System.nanoTime() - began;

      if (schedule.measuresTraining(iteration)) {
        listener.onEvaluation(evaluation.of(TRAIN, List.of(batch), iteration, epoch(iteration)));
      }
      if (schedule.measuresTest(iteration)) {
        Evaluation seen = evaluation.of(TEST, test, iteration, epoch(iteration));
        listener.onEvaluation(seen);
        last = Optional.of(seen.measurement());
        best = Optional.of(better(seen));
      }

      began = System.nanoTime();
      TrainingException.refuseNaN("the loss", iteration, trainStep());
      randomNodes.ran("train_step", batch.size());
      if (updateAfterStep.isPresent()) {
        updateAfterStep.get().run().close();
        randomNodes.ran("update_ema", batch.size());
      }
      long took = filled + System.nanoTime() - began;
      times.add(took);
      listener.onStep(iteration, took);
      iteration++;
      listener.onProgress(iteration, false, () -> state(start));
    }

    TrainingResult.Status status =
        iteration > schedule.iterations()
            ? TrainingResult.Status.COMPLETED
            : TrainingResult.Status.INTERRUPTED;
    Weights finalWeights = weights();
    TrainingException.refuseNaN("a weight", iteration - 1, finalWeights.values());
    listener.onProgress(iteration, true, () -> state(start));
    return new TrainingResult(
        status, iteration, best, last, finalWeights, times.medianMillis(), seconds(start));
  }

  /** Makes a step with the batch; returns the loss before it. */
  private float trainStep() {
    try (Result result = trainStep.run()) {
      return Evaluator.scalar(result, 0);
    }
  }

  private TrainingState state(long start) {
    return new TrainingState(
        iteration, sessionState.variables(), randomNodes.drawn(), best, last, seconds(start));
  }

  private double seconds(long start) {
    return secondsBefore + (System.nanoTime() - start) / 1e9;
  }

  /** As the scripts count: iterations times batch size, divided by the number of images. */
  private int epoch(int iteration) {
    return (int) ((long) iteration * batches.batch().size() / data.training().count()) + 1;
  }

  private Session.Runner measuring(Split split, Batch batch) {
    randomNodes.ran("accuracy", batch.size());
    return feeding(batch, keepAll, split == TEST ? testing : notTesting);
  }

  private Session.Runner feeding(Batch batch, TFloat32 pkeep, TBool tst) {
    Session.Runner runner =
        session
            .runner()
            .feed(network.images(), batch.images())
            .feed(network.labels(), batch.labels());
    network.step().ifPresent(placeholder -> runner.feed(placeholder.output(0), step));
    network.pkeep().ifPresent(placeholder -> runner.feed(placeholder.output(0), pkeep));
    network.pkeepConv().ifPresent(placeholder -> runner.feed(placeholder.output(0), keepAll));
    network.tst().ifPresent(placeholder -> runner.feed(placeholder.output(0), tst));
    return runner;
  }

  private TrainingResult.Best better(Evaluation seen) {
    float accuracy = seen.measurement().accuracy();
    if (best.isPresent() && accuracy <= best.get().measurement().accuracy()) {
      return best.get();
    }
    return new TrainingResult.Best(
        seen.measurement(),
        weights(), // a millisecond, beside the test set's hundred
        ConfusionMatrix.of(data.test().labels(), seen.predicted()));
  }

  /** The variables' present values. */
  public Weights weights() {
    Session.Runner runner = session.runner();
    network.variables().forEach((Operand<TFloat32> variable) -> runner.fetch(variable));
    return new Weights(floats(runner));
  }

  /**
   * What some nodes come to on a batch, with the feeds of iteration 0 and all neurons taking part.
   *
   * @param split whether as in measuring the test set, or a batch in training
   * @return their values one after the other, each row-major
   */
  public float[] evaluate(List<Output<TFloat32>> outputs, Split split, Batch batch) {
    step.setInt(0);
    Session.Runner runner = feeding(batch, keepAll, split == TEST ? testing : notTesting);
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

  @Override
  public void close() {
    session.close();
    keepInTraining.close();
    keepAll.close();
    notTesting.close();
    testing.close();
    step.close();
    test.forEach(Batch::close);
    batches.close();
  }
}
