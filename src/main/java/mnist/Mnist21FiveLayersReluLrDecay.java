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
 * mnist_2.1: five dense layers with ReLU, and a learning rate that decays.
 *
 * <pre>
 *   ████████████████████████████   X, flattened to XX     784 pixels      [batch, 784]
 *     │  W1 [784, 200], B1 [200], ReLU
 *   ████████████████████           Y1                     200 neurons     [batch, 200]
 *     │  W2 [200, 100], B2 [100], ReLU
 *   ██████████                     Y2                     100 neurons     [batch, 100]
 *     │  W3 [100, 60], B3 [60], ReLU
 *   ██████                         Y3                     60 neurons      [batch, 60]
 *     │  W4 [60, 30], B4 [30], ReLU
 *   ███                            Y4                     30 neurons      [batch, 30]
 *     │  W5 [30, 10], B5 [10], softmax
 *   █                              Y                      10 classes      [batch, 10]
 * </pre>
 *
 * New here: ReLU in place of sigmoid, and a learning rate that starts at 0.0031 and falls toward
 * 0.0001, so that the first steps are large and the last ones do not overshoot.
 */
public final class Mnist21FiveLayersReluLrDecay extends Stage {

  public Mnist21FiveLayersReluLrDecay() {
    super(
        "2.1",
        "five dense layers, ReLU, learning-rate decay",
        Schedule.upTo(10_000).measuring(20, 100).withMoreTestsAtStart(), // training, test every
        0.9836, // highest test accuracy that the tutorial reports
        Architecture.DENSE);
  }

  public static void main(String[] args) {
    Training.main(new Mnist21FiveLayersReluLrDecay(), args);
  }

  @Override
  protected void setDefaults(Hyperparameters defaults) {
    defaults.activation = RELU;
  }

  @Override
  protected void build(NetworkBuilder net) {
    Ops tf = net.tf();

    var X = net.images(); // [batch, 28, 28, 1]
    var Y_ = net.labels(); // [batch, 10]
    var step = net.step(); // the number of the iteration, for the learning rate

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

    // The model
    var XX = tf.reshape(X, tf.constant(new int[] {-1, 784})); // [batch, 784]
    var Y1 = activation.apply(tf, "Y1", tf.math.add(tf.linalg.matMul(XX, W1), B1)); // [batch, 200]
    var Y2 = activation.apply(tf, "Y2", tf.math.add(tf.linalg.matMul(Y1, W2), B2)); // [batch, 100]
    var Y3 = activation.apply(tf, "Y3", tf.math.add(tf.linalg.matMul(Y2, W3), B3)); // [batch, 60]
    var Y4 = activation.apply(tf, "Y4", tf.math.add(tf.linalg.matMul(Y3, W4), B4)); // [batch, 30]
    var Ylogits = tf.withName("Ylogits").math.add(tf.linalg.matMul(Y4, W5), B5); // [batch, 10]
    var Y = tf.withName("Y").nn.softmax(Ylogits); // [batch, 10]

    var cross_entropy = net.crossEntropy(Ylogits, Y_);
    net.accuracy(Y, Y_);

    // The learning rate: 0.0001 + 0.003 * (1/e)^(step / 2000)
    var lr = net.decayingLearningRate(step, 0.0001f, 0.003f, 2000);
    net.trainStep(new Adam(net.graph(), lr), cross_entropy);
  }

  // Results to expect: 98.20% at best, 98.07% at the end. The training loss falls to nearly 0 while
  // the test loss rises: the network starts to memorize the training images.
  // The tutorial: 98.24% at the end, 98.36% at best.
}
