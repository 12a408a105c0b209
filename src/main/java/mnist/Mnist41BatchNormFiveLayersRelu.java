package mnist;

import static mnist.nn.Activation.RELU;

import mnist.app.Training;
import mnist.nn.Adam;
import mnist.nn.BatchNorm;
import mnist.nn.MovingAverages;
import mnist.nn.NetworkBuilder;
import mnist.training.Schedule;
import mnist.training.Stage;
import org.tensorflow.op.Ops;

/**
 * mnist_4.1: five dense layers with ReLU and batch normalization.
 *
 * <pre>
 *   ████████████████████████████   X, flattened to XX     784 pixels      [batch, 784]
 *     │  W1 [784, 200], batch norm with offset B1 [200], ReLU
 *   ████████████████████           Y1                     200 neurons     [batch, 200]
 *     │  W2 [200, 100], batch norm with B2 [100], ReLU
 *   ██████████                     Y2                     100 neurons     [batch, 100]
 *     │  W3 [100, 60], batch norm with B3 [60], ReLU
 *   ██████                         Y3                     60 neurons      [batch, 60]
 *     │  W4 [60, 30], batch norm with B4 [30], ReLU
 *   ███                            Y4                     30 neurons      [batch, 30]
 *     │  W5 [30, 10], B5 [10], softmax
 *   █                              Y                      10 classes      [batch, 10]
 * </pre>
 *
 * New here: ReLU. It passes a scale through, so batch norm needs none; only the offset determines
 * how many of a neuron's values are cut off.
 */
public final class Mnist41BatchNormFiveLayersRelu extends Stage {

  public Mnist41BatchNormFiveLayersRelu() {
    super(
        "4.1",
        "five dense layers, ReLU, batch normalization",
        Schedule.upTo(10_000).measuring(20, 100).withMoreTestsAtStart(), // training, test every
        0.9855, // highest test accuracy that the tutorial reports
        Architecture.DENSE);
  }

  public static void main(String[] args) {
    Training.main(new Mnist41BatchNormFiveLayersRelu(), args);
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
    var B1 = net.biases("B1", 0.1f, L);
    var W2 = net.weights("W2", L, M);
    var B2 = net.biases("B2", 0.1f, M);
    var W3 = net.weights("W3", M, N);
    var B3 = net.biases("B3", 0.1f, N);
    var W4 = net.weights("W4", N, O);
    var B4 = net.biases("B4", 0.1f, O);
    var W5 = net.weights("W5", O, 10);
    var B5 = net.biases("B5", 0.1f, 10);

    // The model
    var averages = new MovingAverages(net, iter, 0.999f);
    var norm = new BatchNorm(net, tst, averages);

    var XX = tf.reshape(X, tf.constant(new int[] {-1, 784})); // [batch, 784]
    var Y1l = tf.withName("Y1l").linalg.matMul(XX, W1);
    var Y1 = RELU.apply(tf, "Y1", norm.apply(1, Y1l, B1)); // [batch, 200]
    var Y2l = tf.withName("Y2l").linalg.matMul(Y1, W2);
    var Y2 = RELU.apply(tf, "Y2", norm.apply(2, Y2l, B2)); // [batch, 100]
    var Y3l = tf.withName("Y3l").linalg.matMul(Y2, W3);
    var Y3 = RELU.apply(tf, "Y3", norm.apply(3, Y3l, B3)); // [batch, 60]
    var Y4l = tf.withName("Y4l").linalg.matMul(Y3, W4);
    var Y4 = RELU.apply(tf, "Y4", norm.apply(4, Y4l, B4)); // [batch, 30]
    var Ylogits = tf.withName("Ylogits").math.add(tf.linalg.matMul(Y4, W5), B5); // [batch, 10]
    var Y = tf.withName("Y").nn.softmax(Ylogits); // [batch, 10]
    net.batchMax(Y1, Y2, Y3, Y4); // for the view

    var cross_entropy = net.crossEntropy(Ylogits, Y_);
    net.accuracy(Y, Y_);

    // The learning rate: 0.0001 + 0.03 * (1/e)^(iter / 1000)
    var lr = net.decayingLearningRate(iter, 0.0001f, 0.03f, 1000);
    net.trainStep(new Adam(net.graph(), lr), cross_entropy, averages);
  }

  // Results to expect: 98.41% at best, 98.38% at the end. The tutorial: 98.5 to 98.55%.
}
