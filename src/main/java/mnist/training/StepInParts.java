package mnist.training;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.IntStream;
import mnist.data.Batch;
import mnist.network.Network;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/**
 * A training step that takes the batch in parts, side by side. Small convolutions hardly use a
 * second core, but two halves of a batch do, each on a core of its own. The gradients of a batch
 * are the means of its parts' gradients, each part weighed by its images; a train step for given
 * gradients ({@link GivenGradients}) goes by them.
 *
 * <p>It is the same step to rounding. And equal runs give equal numbers, to the bit: the parts are
 * added up in their order, whichever is ready first, and dropout's random numbers are drawn for the
 * whole batch, and handed out.
 */
final class StepInParts implements AutoCloseable {
  private final Session session;
  private final Network network;
  private final RandomNodes randomNodes;
  private final Set<String> random;
  private final Batch batch;
  private final List<Part> parts = new ArrayList<>();
  private final List<TFloat32> gradients = new ArrayList<>(); // of the whole batch
  private final List<float[]> sums = new ArrayList<>();
  private final Session.Runner apply;
  private final ExecutorService threads;

  /** Some of the batch's images, what is fed with them, and their gradients. */
  private final class Part implements AutoCloseable {
    final int first;
    final int size;
    final TFloat32 images;
    final TFloat32 labels;
    final Map<String, TFloat32> drawn = new HashMap<>();
    final Session.Runner runner;
    float loss;
    final List<float[]> gradients = new ArrayList<>();

    Part(int first, int size, Function<Session.Runner, Session.Runner> feedingScalars) {
      this.first = first;
      this.size = size;
      images = like(batch.images());
      labels = like(batch.labels());
      runner =
          feedingScalars
              .apply(session.runner())
              .feed(network.images(), images)
              .feed(network.labels(), labels)
              .fetch(network.trainingLoss());
      for (String node : random) {
        TFloat32 numbers = TFloat32.tensorOf(Shape.of(size, network.drawnForAnImage().get(node)));
        drawn.put(node, numbers);
        runner.feed(node, numbers);
      }
      network.gradients().forEach(runner::fetch);
      network.trained().forEach(variable -> gradients.add(new float[size(variable)]));
    }

    private TFloat32 like(TFloat32 whole) {
      return TFloat32.tensorOf(Shape.of(size).append(whole.shape().tail()));
    }

    /** Copies this part's share of what there is for the whole batch. */
    void takeFrom(Map<String, TFloat32> drawnForAll) {
      copy(batch.images(), images);
      copy(batch.labels(), labels);
      drawn.forEach((node, numbers) -> copy(drawnForAll.get(node), numbers));
    }

    private void copy(TFloat32 whole, TFloat32 share) {
      FloatDataBuffer memory = memory(share);
      memory(whole).offset(first * (memory.size() / size)).copyTo(memory, memory.size());
    }

    void run() {
      try (Result result = runner.run()) {
        loss = Evaluation.scalar(result, 0);
        for (int i = 0; i < gradients.size(); i++) {
          memory((TFloat32) result.get(1 + i)).read(gradients.get(i));
        }
      }
    }

    @Override
    public void close() {
      drawn.values().forEach(TFloat32::close);
      labels.close();
      images.close();
    }
  }

  /**
   * @param batch what each step is made with
   * @param feedingScalars feeds a run with all but images and labels, as in training
   * @param count how many parts, 1 to the images of the batch
   */
  StepInParts(
      Session session,
      Network network,
      RandomNodes randomNodes,
      Batch batch,
      Function<Session.Runner, Session.Runner> feedingScalars,
      int count) {
    this.session = session;
    this.network = network;
    this.randomNodes = randomNodes;
    this.batch = batch;
    random = randomNodes.movedBy("train_step");
    apply = feedingScalars.apply(session.runner()).addTarget(GivenGradients.trainStep(network));
    for (int i = 0; i < network.trained().size(); i++) {
      Variable<TFloat32> variable = network.trained().get(i);
      TFloat32 mean = TFloat32.tensorOf(variable.shape());
      gradients.add(mean);
      sums.add(new float[size(variable)]);
      apply.feed(network.gradients().get(i), mean);
    }
    for (int i = 0; i < count; i++) {
      int first = batch.size() * i / count;
      parts.add(new Part(first, batch.size() * (i + 1) / count - first, feedingScalars));
    }
    threads =
        Executors.newFixedThreadPool(
            count,
            task -> {
              Thread thread = new Thread(task, "part of a batch");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Makes a step with the batch as it is now; returns the loss before it. */
  float run() {
    drawAndShare();
    inParallel(parts.stream().<Runnable>map(part -> part::run).toList());
    IntStream.range(0, gradients.size()).forEach(this::average);
    apply.run().close();
    double loss = 0;
    for (Part part : parts) {
      loss += (double) part.loss * part.size;
    }
    return (float) (loss / batch.size());
  }

  /** Those of the last step over the whole batch, in the order of the network's; not to close. */
  List<TFloat32> gradients() {
    return List.copyOf(gradients);
  }

  private void drawAndShare() {
    Map<String, TFloat32> drawn = new HashMap<>();
    try {
      random.forEach(node -> drawn.put(node, randomNodes.draw(node, batch.size())));
      parts.forEach(part -> part.takeFrom(drawn));
    } finally {
      drawn.values().forEach(TFloat32::close);
    }
  }

  private void average(int gradient) {
    float[] sum = sums.get(gradient);
    for (int p = 0; p < parts.size(); p++) {
      float[] ofPart = parts.get(p).gradients.get(gradient);
      float share = (float) parts.get(p).size / batch.size();
      for (int i = 0; i < sum.length; i++) {
        sum[i] = p == 0 ? ofPart[i] * share : sum[i] + ofPart[i] * share;
      }
    }
    memory(gradients.get(gradient)).write(sum);
  }

  /** Does all of them, on as many threads as there are parts. */
  void inParallel(List<Runnable> tasks) {
    CompletableFuture<?>[] running =
        tasks.stream()
            .map(task -> CompletableFuture.runAsync(task, threads))
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(running).join(); // of all, also when one has failed
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException why ? why : e;
    }
  }

  private static int size(Variable<TFloat32> variable) {
    return (int) variable.shape().size();
  }

  private static FloatDataBuffer memory(TFloat32 tensor) {
    return tensor.asRawTensor().data().asFloats();
  }

  @Override
  public void close() {
    threads.shutdownNow();
    parts.forEach(Part::close);
    gradients.forEach(TFloat32::close);
  }
}
