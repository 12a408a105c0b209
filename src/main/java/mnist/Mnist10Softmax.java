package mnist;

import mnist.app.Training;
import mnist.nn.Hyperparameters;
import mnist.nn.NetworkBuilder;
import mnist.training.Schedule;
import mnist.training.Stage;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.op.Ops;

/**
 * mnist_1.0: one softmax layer.
 *
 * <pre>
 *   ████████████████████████████   X, flattened to XX     784 pixels      [batch, 784]
 *     │  W [784, 10], b [10], softmax
 *   █                              Y                      10 classes      [batch, 10]
 * </pre>
 *
 * Each of the 10 neurons computes a weighted sum of all pixels plus its bias: {@code Y = softmax(XX
 * · W + b)}. Softmax turns the ten sums into probabilities that add up to 1.
 */
public final class Mnist10Softmax extends Stage {

  public Mnist10Softmax() {
    super(
        "1.0",
        "one softmax layer",
        Schedule.upTo(2_000).measuring(10, 50).withMoreTestsAtStart(), // training, test every
        0.9268, // highest test accuracy that the tutorial reports
        Architecture.DENSE);
  }

  public static void main(String[] args) {
    Training.main(new Mnist10Softmax(), args);
  }

  @Override
  protected void setDefaults(Hyperparameters defaults) {
    defaults.learningRate = 0.005f;
  }

  @Override
  protected void build(NetworkBuilder net) {
    Ops tf = net.tf();

    var X = net.images(); // [batch, 28, 28, 1]
    var Y_ = net.labels(); // [batch, 10]

    // The variables, which training adjusts.
    var W = net.constant("W", 0, 784, 10);
    var b = net.biases("b", 0, 10);

    // The model. -1 stands for "whatever is left over": the batch.
    var XX = tf.reshape(X, tf.constant(new int[] {-1, 784})); // [batch, 784]
    var Ylogits = tf.withName("Ylogits").math.add(tf.linalg.matMul(XX, W), b); // [batch, 10]
    var Y = tf.withName("Y").nn.softmax(Ylogits); // [batch, 10]

    // Loss: the cross-entropy -sum(Y_ * log(Y)), averaged over the batch of 100. The mean also
    // divides by the 10 classes, hence 1000 where the later stages have 100.
    var logLikelihood =
        tf.math.mean(tf.math.mul(Y_, tf.math.log(Y)), tf.constant(new int[] {0, 1}));
    var cross_entropy =
        tf.withName("cross_entropy").math.mul(tf.math.neg(logLikelihood), tf.constant(1000f));

    net.accuracy(Y, Y_);
    net.trainStep(new GradientDescent(net.graph(), net.learningRate()), cross_entropy);
  }

  // Results to expect: 92.19% at best, 92.07% at the end; 92.58% at best within 10,000 iterations.
  // The tutorial: above 92% within 2,000 iterations, 92.68% at best within 10,000.
}
