package mnist.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Compares distorted images with the six movements, computed pixel by pixel. */
class DistortionTest {
  private static final int IMAGES = 3;
  private static final int SIDE = 28;

  private Graph graph;
  private String random;

  @BeforeEach
  void build() {
    graph = new Graph();
    NetworkBuilder net = new NetworkBuilder(graph, new Hyperparameters());
    var x =
        net.tf()
            .withName("x")
            .placeholder(
                TFloat32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE, SIDE, SIDE, 1)));
    net.tf().withName("distorted").identity(Distortion.of(net, x));
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.type().equals("RandomUniform")) {
                random = op.name();
              }
            });
  }

  @AfterEach
  void close() {
    graph.close();
  }

  private float[] distorted(float[] images, float[] uniform) {
    try (Session session = new Session(graph);
        TFloat32 x = TFloat32.tensorOf(Shape.of(IMAGES, SIDE, SIDE, 1), DataBuffers.of(images));
        TFloat32 drawn = TFloat32.tensorOf(Shape.of(IMAGES, 6), DataBuffers.of(uniform));
        Result result =
            session.runner().feed("x", x).feed(random, drawn).fetch("distorted").run()) {
      float[] values = new float[images.length];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  private static float[] images() {
    Random random = new Random(5);
    float[] images = new float[IMAGES * SIDE * SIDE];
    for (int i = 0; i < images.length; i++) {
      images[i] = random.nextFloat();
    }
    return images;
  }

  private static double interpolated(float[] images, int image, double row, double column) {
    double y = Math.max(0, Math.min(SIDE - 1.001, row));
    double x = Math.max(0, Math.min(SIDE - 1.001, column));
    int r = (int) y;
    int c = (int) x;
    int at = (image * SIDE + r) * SIDE + c;
    double upper = images[at] + (images[at + 1] - images[at]) * (x - c);
    double lower = images[at + SIDE] + (images[at + SIDE + 1] - images[at + SIDE]) * (x - c);
    return upper + (lower - upper) * (y - r);
  }

  @Test
  void movesEveryPixel() {
    float[] images = images();
    float[] uniform = new float[IMAGES * 6];
    Random random = new Random(6);
    for (int i = 0; i < uniform.length; i++) {
      uniform[i] = random.nextFloat();
    }
    float[] actual = distorted(images, uniform);
    for (int image = 0; image < IMAGES; image++) {
      double[] u = new double[6];
      for (int i = 0; i < 6; i++) {
        u[i] = 2 * uniform[image * 6 + i] - 1;
      }
      for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
          double x = column - 13.5;
          double y = row - 13.5;
          double toX = column - 0.26 * u[0] * y + 0.12 * u[1] * x + 0.1 * u[3] * y + 2.5 * u[4];
          double toY = row + 0.26 * u[0] * x + 0.12 * u[2] * y + 0.1 * u[3] * x + 2.5 * u[5];
          assertThat((double) actual[(image * SIDE + row) * SIDE + column])
              .isCloseTo(interpolated(images, image, toY, toX), within(2e-5));
        }
      }
    }
  }

  @Test
  void zeroMovementKeepsTheImage() {
    float[] images = images();
    float[] half = new float[IMAGES * 6];
    Arrays.fill(half, 0.5f);
    float[] actual = distorted(images, half);
    for (int i = 0; i < images.length; i++) {
      boolean edge = i % SIDE == SIDE - 1 || i / SIDE % SIDE == SIDE - 1;
      assertThat(actual[i]).isCloseTo(images[i], within(edge ? 2e-3f : 1e-6f));
    }
  }
}
