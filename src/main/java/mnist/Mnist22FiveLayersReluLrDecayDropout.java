package mnist;

import static mnist.nn.Activation.RELU;

import mnist.app.Training;
import mnist.nn.Activation;
import mnist.nn.Adam;
import mnist.nn.Hyperparameters;
import mnist.nn.NetworkBuilder;
import mnist.training.Schedule;
import mnist.training.Stage;
import org.tensorflow.op.Ops;

/**
 * mnist_2.2: five dense layers with ReLU, learning-rate decay and dropout.
 *
 * <pre>
 *   ████████████████████████████   X, flattened to XX     784 pixels      [batch, 784]
 *     │  W1 [784, 200], B1 [200], ReLU, dropout
 *   ██ ███ █████ █ ██ ██           Y1, Y1d                200 neurons     [batch, 200]
 *     │  W2 [200, 100], B2 [100], ReLU, dropout
 *   █ ████ ███                     Y2, Y2d                100 neurons     [batch, 100]
 *     │  W3 [100, 60], B3 [60], ReLU, dropout
 *   ███ ██                         Y3, Y3d                60 neurons      [batch, 60]
 *     │  W4 [60, 30], B4 [30], ReLU, dropout
 *   █ █                            Y4, Y4d                30 neurons      [batch, 30]
 *     │  W5 [30, 10], B5 [10], softmax
 *   █                              Y                      10 classes      [batch, 10]
 * </pre>
 *
 * New here: in each training step, dropout silences a random quarter of each hidden layer's
 * neurons, so that none can rely on particular others. When the network is measured, all are
 * active.
 */
public final class Mnist22FiveLayersReluLrDecayDropout extends Stage {

  public Mnist22FiveLayersReluLrDecayDropout() {
    super(
        "2.2",
        "five dense layers, ReLU, learning-rate decay, dropout",
        Schedule.upTo(10_000).measuring(20, 100).withMoreTestsAtStart(), // training, test every
        0.9817, // highest test accuracy that the tutorial reports
        Architecture.DENSE);
  }

  public static void main(String[] args) {
    Training.main(new Mnist22FiveLayersReluLrDecayDropout(), args);
  }

  @Override
  protected void setDefaults(Hyperparameters defaults) {
    defaults.activation = RELU;
    defaults.keepProbability = 0.75f; // in training; 1 when measuring
  }

  @Override
  protected void build(NetworkBuilder net) {
    Ops tf = net.tf();

    var X = net.images(); // [batch, 28, 28, 1]
    var Y_ = net.labels(); // [batch, 10]
    var step = net.step(); // the number of the iteration, for the learning rate
    var pkeep = net.keepProbability();

    // Neurons of the hidden layers; the last layer has the ten classes.
    int L = 200, M = 100, N = 60, O = 30;

    // With ReLU, biases start slightly positive: 0.1.
    Activation activation = net.activation();
    float bias = activation.initialBias();

    var W1 = net.weights("W1", 784, L); // 784 = 28 * 28
    var B1 = net.biases("B1", bias, L);
    var W2 = net.weights("W2", L, M);
    var B2 = net.biases("B2", bias, M);
    var W3 = net.weights("W3", M, N);
    var B3 = net.biases("B3", bias, N);
    var W4 = net.weights("W4", N, O);
    var B4 = net.biases("B4", bias, O);
    var W5 = net.weights("W5", O, 10);
    var B5 = net.biases("B5", 0, 10);

    // The model, with dropout after each hidden layer
    var XX = tf.reshape(X, tf.constant(new int[] {-1, 784})); // [batch, 784]

    var Y1 = activation.apply(tf, "Y1", tf.math.add(tf.linalg.matMul(XX, W1), B1)); // [batch, 200]
    var Y1d = net.dropout("Y1d", Y1, pkeep);

    var Y2 = activation.apply(tf, "Y2", tf.math.add(tf.linalg.matMul(Y1d, W2), B2)); // [batch, 100]
    var Y2d = net.dropout("Y2d", Y2, pkeep);

    var Y3 = activation.apply(tf, "Y3", tf.math.add(tf.linalg.matMul(Y2d, W3), B3)); // [batch, 60]
    var Y3d = net.dropout("Y3d", Y3, pkeep);

    var Y4 = activation.apply(tf, "Y4", tf.math.add(tf.linalg.matMul(Y3d, W4), B4)); // [batch, 30]
    var Y4d = net.dropout("Y4d", Y4, pkeep);

    var Ylogits = tf.withName("Ylogits").math.add(tf.linalg.matMul(Y4d, W5), B5); // [batch, 10]
    var Y = tf.withName("Y").nn.softmax(Ylogits); // [batch, 10]

    var cross_entropy = net.crossEntropy(Ylogits, Y_);
    net.accuracy(Y, Y_);

    // The learning rate: 0.0001 + 0.003 * (1/e)^(step / 2000)
    var lr = net.decayingLearningRate(step, 0.0001f, 0.003f, 2000);
    net.trainStep(new Adam(net.graph(), lr), cross_entropy);
  }

  // Results to expect: 98.15% at best, 98.12% at the end, no better than without dropout, but the
  // test loss no longer rises. The tutorial: 98.17% at the end.
}
