package mnist.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mnist.Stages;
import mnist.data.DataSet;
import mnist.nn.Network;
import mnist.nn.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelThreadsTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 50;

  @TempDir Path folder;

  /** Each thread has its own images and a different number of them. */
  @Test
  void eachThreadGetsThePredictionsForItsOwnImages() throws Exception {
    Random random = new Random(1);
    writeModel(random);
    List<float[]> images = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      images.add(randoms((thread + 1) * 784, 2, random));
    }

    try (Model model = Model.load(folder.resolve("model"))) {
      List<float[]> alone = images.stream().map(model::probabilities).toList();
      Set<Float> first = new HashSet<>();
      alone.forEach(probabilities -> first.add(probabilities[0]));
      assertThat(first).as("distinct predictions").hasSize(THREADS);

      ExecutorService threads = Executors.newFixedThreadPool(THREADS);
      try {
        CountDownLatch together = new CountDownLatch(THREADS);
        List<Future<List<float[]>>> results = new ArrayList<>();
        for (float[] own : images) {
          results.add(threads.submit(() -> predict(model, own, together)));
        }
        for (int thread = 0; thread < THREADS; thread++) {
          for (float[] result : results.get(thread).get()) {
            assertThat(result).as("thread %d", thread).isEqualTo(alone.get(thread));
          }
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private static List<float[]> predict(Model model, float[] images, CountDownLatch together)
      throws InterruptedException {
    together.countDown();
    together.await();
    List<float[]> results = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      results.add(model.probabilities(images));
    }
    return results;
  }

  private void writeModel(Random random) throws Exception {
    try (Network network = Stages.named("3.0").network(0)) {
      long size = network.variables().stream().mapToLong(v -> v.shape().size()).sum();
      SavedModelFolder.write(
          folder.resolve("model"),
          false,
          network,
          new Weights(randoms((int) size, 0.2f, random)),
          new ModelCard("3.0", "", "mnist", 0, 0, "", DataSet.DIGITS, Map.of()));
    }
  }

  private static float[] randoms(int count, float scale, Random random) {
    float[] randoms = new float[count];
    for (int i = 0; i < count; i++) {
      randoms[i] = scale * (random.nextFloat() - 0.5f);
    }
    return randoms;
  }
}
