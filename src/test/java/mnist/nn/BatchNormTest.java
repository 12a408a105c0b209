package mnist.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Batch norm and its moving averages against their formulas, worked out in double. */
class BatchNormTest {
  private static final float DECAY = 0.9f;

  /** Two neurons over four images: means 2 and -1, variances 2.5 and 0.25. */
  private static final float[][] X = {{0, -1.5f}, {1, -0.5f}, {3, -1.5f}, {4, -0.5f}};

  private static final float[] OFFSET = {0.5f, -0.5f};
  private static final float[] SCALE = {2, 3};

  private static double normalized(float x, int neuron, double mean, double variance) {
    return (x - mean) / Math.sqrt(variance + 1e-5) * SCALE[neuron] + OFFSET[neuron];
  }

  private static float[] run(
      Session session, String node, boolean tst, int iter, float[][] images) {
    try (TFloat32 x = TFloat32.tensorOf(Shape.of(4, 2), data -> set(data, images));
        TBool testing = TBool.scalarOf(tst);
        TInt32 iteration = TInt32.scalarOf(iter)) {
      Session.Runner runner =
          session.runner().feed("x", x).feed("tst", testing).feed("iter", iteration);
      if (node.equals("update")) {
        runner.addTarget(node).run().close();
        return new float[0];
      }
      try (Result result = runner.fetch(node).run()) {
        TFloat32 tensor = (TFloat32) result.get(0);
        float[] values = new float[(int) tensor.size()];
        tensor.asRawTensor().data().asFloats().read(values);
        return values;
      }
    }
  }

  private static void set(TFloat32 tensor, float[][] rows) {
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows[i].length; j++) {
        tensor.setFloat(rows[i][j], i, j);
      }
    }
  }

  @Test
  void usesBatchMomentsInTrainingAndAveragesInTesting() {
    try (Graph graph = new Graph()) {
      NetworkBuilder net = new NetworkBuilder(graph, new Hyperparameters());
      Ops tf = net.tf();
      Operand<TFloat32> x =
          tf.withName("x")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE, 2)));
      var averages = new MovingAverages(net, net.iteration(), DECAY);
      var norm = new BatchNorm(net, net.testing(), averages);
      norm.apply(1, x, tf.constant(OFFSET), tf.constant(SCALE));
      averages.update("update");
      try (Session session = new Session(graph)) {
        session.initialize();
        double[] mean = {0, 0};
        double[] variance = {0, 0};
        double[] batchMean = {2, -1};
        double[] batchVariance = {2.5, 0.25};
        for (int iter = 0; iter < 300; iter += 60) { // the decay grows, and reaches DECAY
          run(session, "update", false, iter, X);
          double d = Math.min(DECAY, (1.0 + iter) / (10.0 + iter));
          for (int n = 0; n < 2; n++) {
            mean[n] -= (mean[n] - batchMean[n]) * (1 - d);
            variance[n] -= (variance[n] - batchVariance[n]) * (1 - d);
          }
        }
        float[] training = run(session, "Y1bn", false, 0, X);
        float[] testing = run(session, "Y1bn", true, 0, X);
        for (int i = 0; i < 4; i++) {
          for (int n = 0; n < 2; n++) {
            assertThat((double) training[2 * i + n])
                .isCloseTo(normalized(X[i][n], n, batchMean[n], batchVariance[n]), within(1e-5));
            assertThat((double) testing[2 * i + n])
                .isCloseTo(normalized(X[i][n], n, mean[n], variance[n]), within(1e-5));
          }
        }
        assertThat(run(session, "M1", false, 0, X)[0]).isCloseTo((float) mean[0], within(1e-5f));
      }
    }
  }
}
