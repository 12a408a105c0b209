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
import mnist.nn.Hyperparameters;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.training.TrainingResult.Status;
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
 * The tutorial's training loop: take a batch, measure when the schedule says so, make a training
 * step.
 *
 * <p>All tensors that a step is fed with are allocated once and updated in place.
 */
public final class TrainingLoop implements AutoCloseable {
  /** The test set is measured in parts: the activations of 10,000 images take 100s of megabytes. */
  private static final int TEST_BATCH = 1000;

  private final Schedule schedule;
  private final DataSet data;
  private final Network network;
  private final Session session;
  private final SessionState sessionState;
  private final Batches batches;
  private final List<Batch> testSet;
  private final Session.Runner trainStep;
  private final Optional<Session.Runner> updateEma;

  // What is fed beside images and labels.
  private final TInt32 step = TInt32.scalarOf(0);
  private final TBool testing = TBool.scalarOf(true);
  private final TBool notTesting = TBool.scalarOf(false);
  private final TFloat32 keepAll = TFloat32.scalarOf(1);
  private final TFloat32 keepProbability;

  // The progress of the training.
  private int iteration;
  private Optional<Measurement> last = Optional.empty();
  private Optional<TrainingResult.Best> best = Optional.empty();
  private double secondsBefore;

  /**
   * Opens a session and initializes the variables.
   *
   * @param network what to train; the caller closes it. Its seed also determines the order of the
   *     training images
   * @param batchSize images per step, 1 to the number of training images
   * @throws DataException if there are fewer training images than a batch needs
   */
  public TrainingLoop(Schedule schedule, Network network, DataSet data, int batchSize)
      throws DataException {
    this.schedule = schedule;
    this.network = network;
    this.data = data;
    Hyperparameters hyperparameters = network.hyperparameters();
    batches = new Batches(data.training(), batchSize, hyperparameters.seed);
    testSet = Batch.allOf(data.test(), TEST_BATCH);
    keepProbability =
        TFloat32.scalarOf(
            hyperparameters.keepProbability == null ? 1 : hyperparameters.keepProbability);
    session = new Session(network.graph(), config(network));
    sessionState = new SessionState(session, network);
    // Every step runs these again: the tensors stay the same, only their contents change.
    trainStep =
        feed(batches.batch(), keepProbability, notTesting)
            .addTarget(network.trainStep())
            .fetch(network.trainingLoss());
    updateEma = network.updateEma().map(feed(batches.batch(), keepAll, notTesting)::addTarget);
    try {
      session.initialize();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * TensorFlow's default optimizations of the graph, with one exception: for batch norm the order
   * in which a layer's three gradients are added up is kept. TensorFlow would sort them by their
   * nodes' names, which differ in Python, and so round differently.
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
   * Continues a training from where another loop over the same network, images and batch size left
   * it.
   *
   * @throws IllegalArgumentException if the state belongs to another network
   */
  public void restore(TrainingState state) {
    sessionState.restore(state.variables(), state.drawn());
    batches.skip(state.next());
    iteration = state.next();
    last = state.last();
    best = state.best();
    secondsBefore = state.seconds();
  }

  /**
   * Trains to the schedule's last iteration, from 0 or from a restored state.
   *
   * @param stop checked before every step: whether to end early
   * @throws TrainingException if the loss or a weight is not a number
   * @throws IOException if a listener failed
   */
  public TrainingResult run(TrainingListener listener, BooleanSupplier stop)
      throws TrainingException, IOException {
    long start = System.nanoTime();
    StepTimes times = new StepTimes(schedule.iterations());
    Evaluator evaluator = new Evaluator(network, this::feedForEvaluation, listener);

    while (iteration <= schedule.iterations() && !stop.getAsBoolean()) {
      // Take a batch.
      long stepStart = System.nanoTime();
      Batch batch = batches.next();
      step.setInt(iteration);
      long nanos = System.nanoTime() - stepStart;

      // Measure.
      if (schedule.measuresTraining(iteration)) {
        listener.onEvaluation(evaluator.evaluate(TRAIN, List.of(batch), iteration, epoch()));
      }
      if (schedule.measuresTest(iteration)) {
        evaluateTestSet(evaluator, listener);
      }

      // Make a training step.
      stepStart = System.nanoTime();
      try (Result result = trainStep.run()) {
        TrainingException.requireNumbers("the loss", iteration, Evaluator.scalar(result, 0));
      }
      sessionState.countRandomNumbers("train_step", batch.size());
      if (updateEma.isPresent()) {
        updateEma.get().run().close();
        sessionState.countRandomNumbers("update_ema", batch.size());
      }
      nanos += System.nanoTime() - stepStart;
      times.add(nanos);
      listener.onStep(iteration, nanos);
      iteration++;
      listener.onProgress(iteration, false, () -> state(start));
    }

    Weights finalWeights = weights();
    TrainingException.requireNumbers("a weight", iteration - 1, finalWeights.values());
    listener.onProgress(iteration, true, () -> state(start));
    return new TrainingResult(
        iteration > schedule.iterations() ? Status.COMPLETED : Status.INTERRUPTED,
        iteration,
        best,
        last,
        finalWeights,
        times.medianMillis(),
        seconds(start));
  }

  /**
   * Measures the test set with the weights that a training ended with, unless the schedule did so
   * at its last iteration. No step may follow, and a state to resume from must have been saved
   * before: it knows nothing of this measurement, so that a resumed training equals one that was
   * not interrupted.
   *
   * @return the result with this measurement as the last, and as the best if it is
   * @throws TrainingException if the loss is not a number
   * @throws IOException if the listener failed
   */
  public TrainingResult evaluateFinalWeights(TrainingResult result, TrainingListener listener)
      throws TrainingException, IOException {
    if (last.isPresent() && last.get().iteration() >= schedule.iterations()) {
      return result;
    }
    long start = System.nanoTime();
    step.setInt(iteration);
    Evaluator evaluator = new Evaluator(network, this::feedForEvaluation, listener);
    evaluateTestSet(evaluator, listener);
    return new TrainingResult(
        result.status(),
        result.steps(),
        best,
        last,
        result.finalWeights(),
        result.medianStepMillis(),
        result.seconds() + (System.nanoTime() - start) / 1e9);
  }

  private void evaluateTestSet(Evaluator evaluator, TrainingListener listener)
      throws TrainingException, IOException {
    Evaluation evaluation = evaluator.evaluate(TEST, testSet, iteration, epoch());
    listener.onEvaluation(evaluation);
    last = Optional.of(evaluation.measurement());
    best = Optional.of(better(evaluation));
  }

  /** A run on a batch; each placeholder is fed if the network has it. */
  private Session.Runner feed(Batch batch, TFloat32 pkeep, TBool tst) {
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

  private Session.Runner feedForEvaluation(Split split, Batch batch) {
    sessionState.countRandomNumbers("accuracy", batch.size());
    return feed(batch, keepAll, split == TEST ? testing : notTesting);
  }

  /** As the scripts count: iterations times batch size, divided by the number of images. */
  private int epoch() {
    return (int) ((long) iteration * batches.batch().size() / data.training().count()) + 1;
  }

  private TrainingResult.Best better(Evaluation evaluation) {
    Measurement measurement = evaluation.measurement();
    if (best.isPresent() && measurement.accuracy() <= best.get().measurement().accuracy()) {
      return best.get();
    }
    return new TrainingResult.Best(
        measurement,
        weights(), // takes a millisecond; measuring the test set takes a hundred
        ConfusionMatrix.of(data.test().labels(), evaluation.predicted()));
  }

  private TrainingState state(long start) {
    return new TrainingState(
        iteration, sessionState.variables(), sessionState.drawn(), best, last, seconds(start));
  }

  private double seconds(long start) {
    return secondsBefore + (System.nanoTime() - start) / 1e9;
  }

  /** The current values of the variables. */
  public Weights weights() {
    Session.Runner runner = session.runner();
    network.variables().forEach((Operand<TFloat32> variable) -> runner.fetch(variable));
    return new Weights(floats(runner));
  }

  /**
   * The values of some nodes on a batch, fed as at iteration 0, without dropout.
   *
   * @param split TEST to evaluate with the moving averages, TRAIN with the batch's own moments
   * @return the values of one node after the other, each row-major
   */
  public float[] evaluate(List<Output<TFloat32>> outputs, Split split, Batch batch) {
    step.setInt(0);
    Session.Runner runner = feed(batch, keepAll, split == TEST ? testing : notTesting);
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
    keepProbability.close();
    keepAll.close();
    notTesting.close();
    testing.close();
    step.close();
    testSet.forEach(Batch::close);
    batches.close();
  }
}
