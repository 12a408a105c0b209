package mnist;

import static mnist.nn.Activation.RELU;

import mnist.app.Training;
import mnist.nn.Adam;
import mnist.nn.NetworkBuilder;
import mnist.training.Schedule;
import mnist.training.Stage;
import org.tensorflow.op.Ops;

/**
 * mnist_3.0: a convolutional network.
 *
 * <pre>
 *   ████████████████████████████   X    28×28, 1 channel      [batch, 28, 28, 1]
 *     │  W1 [5, 5, 1, 4], B1 [4], convolution 5×5, stride 1, ReLU
 *   ████████████████████████████   Y1   28×28, 4 channels     [batch, 28, 28, 4]
 *     │  W2 [5, 5, 4, 8], B2 [8], convolution 5×5, stride 2, ReLU
 *   ██████████████                 Y2   14×14, 8 channels     [batch, 14, 14, 8]
 *     │  W3 [4, 4, 8, 12], B3 [12], convolution 4×4, stride 2, ReLU
 *   ███████                        Y3   7×7, 12 channels      [batch, 7, 7, 12]
 *     │  flattened to YY [batch, 588]
 *     │  W4 [588, 200], B4 [200], dense, ReLU
 *   ████████████████████           Y4   200 neurons           [batch, 200]
 *     │  W5 [200, 10], B5 [10], softmax
 *   █                              Y    10 classes            [batch, 10]
 * </pre>
 *
 * New here: convolutional layers. Each applies the same few weights to small patches all over the
 * image, and so keeps the image's shape, which the dense networks discarded.
 */
public final class Mnist30Convolutional extends Stage {

  public Mnist30Convolutional() {
    super(
        "3.0",
        "three convolutional layers and a dense one",
        Schedule.upTo(10_000).measuring(10, 100), // training, test every
        0.989, // highest test accuracy that the tutorial reports
        Architecture.CONVOLUTIONAL);
  }

  public static void main(String[] args) {
    Training.main(new Mnist30Convolutional(), args);
  }

  @Override
  protected void build(NetworkBuilder net) {
    Ops tf = net.tf();

    var X = net.images(); // [batch, 28, 28, 1]
    var Y_ = net.labels(); // [batch, 10]
    var step = net.step(); // the number of the iteration, for the learning rate

    // Channels of the three convolutional layers, and neurons of the dense layer.
    int K = 4, L = 8, M = 12, N = 200;

    var W1 = net.weights("W1", 5, 5, 1, K); // 5x5 patch, 1 channel in, K channels out
    var B1 = net.biases("B1", 0.1f, K);
    var W2 = net.weights("W2", 5, 5, K, L);
    var B2 = net.biases("B2", 0.1f, L);
    var W3 = net.weights("W3", 4, 4, L, M);
    var B3 = net.biases("B3", 0.1f, M);
    var W4 = net.weights("W4", 7 * 7 * M, N);
    var B4 = net.biases("B4", 0.1f, N);
    var W5 = net.weights("W5", N, 10);
    var B5 = net.biases("B5", 0.1f, 10);

    // The model
    var Y1 = RELU.apply(tf, "Y1", tf.math.add(net.conv2d(X, W1, 1), B1)); // [batch, 28, 28, K]
    var Y2 = RELU.apply(tf, "Y2", tf.math.add(net.conv2d(Y1, W2, 2), B2)); // [batch, 14, 14, L]
    var Y3 = RELU.apply(tf, "Y3", tf.math.add(net.conv2d(Y2, W3, 2), B3)); // [batch, 7, 7, M]

    var YY = tf.reshape(Y3, tf.constant(new int[] {-1, 7 * 7 * M})); // [batch, 588]
    var Y4 = RELU.apply(tf, "Y4", tf.math.add(tf.linalg.matMul(YY, W4), B4)); // [batch, N]
    var Ylogits = tf.withName("Ylogits").math.add(tf.linalg.matMul(Y4, W5), B5); // [batch, 10]
    var Y = tf.withName("Y").nn.softmax(Ylogits); // [batch, 10]

    var cross_entropy = net.crossEntropy(Ylogits, Y_);
    net.accuracy(Y, Y_);

    // The learning rate: 0.0001 + 0.003 * (1/e)^(step / 2000)
    var lr = net.decayingLearningRate(step, 0.0001f, 0.003f, 2000);
    net.trainStep(new Adam(net.graph(), lr), cross_entropy);
  }

  // Results to expect: 98.95% at best, 98.88% at the end. The tutorial: 98.9% at best.
}
