package mnist;

import static mnist.nn.Activation.SIGMOID;

import mnist.app.Training;
import mnist.nn.Adam;
import mnist.nn.BatchNorm;
import mnist.nn.MovingAverages;
import mnist.nn.NetworkBuilder;
import mnist.training.Schedule;
import mnist.training.Stage;
import org.tensorflow.op.Ops;

/**
 * mnist_4.0: five dense layers with sigmoid and batch normalization.
 *
 * <pre>
 *   ████████████████████████████   X, flattened to XX     784 pixels      [batch, 784]
 *     │  W1 [784, 200], batch norm with scale S1 [200] and offset O1 [200], sigmoid
 *   ████████████████████           Y1                     200 neurons     [batch, 200]
 *     │  W2 [200, 100], batch norm with S2 [100], O2 [100], sigmoid
 *   ██████████                     Y2                     100 neurons     [batch, 100]
 *     │  W3 [100, 60], batch norm with S3 [60], O3 [60], sigmoid
 *   ██████                         Y3                     60 neurons      [batch, 60]
 *     │  W4 [60, 30], batch norm with S4 [30], O4 [30], sigmoid
 *   ███                            Y4                     30 neurons      [batch, 30]
 *     │  W5 [30, 10], B5 [10], softmax
 *   █                              Y                      10 classes      [batch, 10]
 * </pre>
 *
 * New here: between the weighted sum and the sigmoid, each neuron's values are shifted and scaled
 * to the range where the sigmoid is steep and learning is fast; see {@link BatchNorm}. A neuron's
 * offset replaces its bias. The learning rate can be ten times that of mnist_2.1.
 */
public final class Mnist40BatchNormFiveLayersSigmoid extends Stage {

  public Mnist40BatchNormFiveLayersSigmoid() {
    super(
        "4.0",
        "five dense layers, sigmoid, batch normalization",
        Schedule.upTo(10_000).measuring(20, 100).withMoreTestsAtStart(), // training, test every
        0.98, // highest test accuracy that the tutorial reports
        Architecture.DENSE);
  }

  public static void main(String[] args) {
    Training.main(new Mnist40BatchNormFiveLayersSigmoid(), args);
  }

  @Override
  protected void build(NetworkBuilder net) {
    Ops tf = net.tf();

    var X = net.images(); // [batch, 28, 28, 1]
    var Y_ = net.labels(); // [batch, 10]
    var tst = net.testing(); // false in training, true for the test set
    var iter = net.iteration(); // the number of the iteration

    // Neurons of the hidden layers; the last layer has the ten classes.
    int L = 200, M = 100, N = 60, O = 30;

    var W1 = net.weights("W1", 784, L); // 784 = 28 * 28
    var S1 = net.constant("S1", 1, L);
    var O1 = net.constant("O1", 0, L);
    var W2 = net.weights("W2", L, M);
    var S2 = net.constant("S2", 1, M);
    var O2 = net.constant("O2", 0, M);
    var W3 = net.weights("W3", M, N);
    var S3 = net.constant("S3", 1, N);
    var O3 = net.constant("O3", 0, N);
    var W4 = net.weights("W4", N, O);
    var S4 = net.constant("S4", 1, O);
    var O4 = net.constant("O4", 0, O);
    var W5 = net.weights("W5", O, 10);
    var B5 = net.biases("B5", 0, 10);

    // The model
    var averages = new MovingAverages(net, iter, 0.998f);
    var norm = new BatchNorm(net, tst, averages);

    var XX = tf.reshape(X, tf.constant(new int[] {-1, 784})); // [batch, 784]
    var Y1l = tf.withName("Y1l").linalg.matMul(XX, W1);
    var Y1 = SIGMOID.apply(tf, "Y1", norm.apply(1, Y1l, O1, S1)); // [batch, 200]
    var Y2l = tf.withName("Y2l").linalg.matMul(Y1, W2);
    var Y2 = SIGMOID.apply(tf, "Y2", norm.apply(2, Y2l, O2, S2)); // [batch, 100]
    var Y3l = tf.withName("Y3l").linalg.matMul(Y2, W3);
    var Y3 = SIGMOID.apply(tf, "Y3", norm.apply(3, Y3l, O3, S3)); // [batch, 60]
    var Y4l = tf.withName("Y4l").linalg.matMul(Y3, W4);
    var Y4 = SIGMOID.apply(tf, "Y4", norm.apply(4, Y4l, O4, S4)); // [batch, 30]
    var Ylogits = tf.withName("Ylogits").math.add(tf.linalg.matMul(Y4, W5), B5); // [batch, 10]
    var Y = tf.withName("Y").nn.softmax(Ylogits); // [batch, 10]

    var cross_entropy = net.crossEntropy(Ylogits, Y_);
    net.accuracy(Y, Y_);

    // The learning rate: 0.0001 + 0.03 * (1/e)^(iter / 1000)
    var lr = net.decayingLearningRate(iter, 0.0001f, 0.03f, 1000);
    net.trainStep(new Adam(net.graph(), lr), cross_entropy, averages);
  }

  // Results to expect: 98.10% at best, 98.04% at the end, nearly that of ReLU without batch
  // normalization. The tutorial: 98%.
}
