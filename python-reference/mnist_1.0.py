"""mnist_1.0: one softmax layer.

In Java: Mnist10Softmax.java.
"""

import tensorflow.compat.v1 as tf

import reference


def build():
    # Input images and labels
    X = tf.placeholder(tf.float32, [None, 28, 28, 1], name="X")
    Y_ = tf.placeholder(tf.float32, [None, 10], name="Y_")

    W = tf.Variable(tf.zeros([784, 10]), name="W")
    b = tf.Variable(tf.zeros([10]), name="b")

    # The model
    XX = tf.reshape(X, [-1, 784])
    Ylogits = tf.add(tf.matmul(XX, W), b, name="Ylogits")
    Y = tf.nn.softmax(Ylogits, name="Y")

    # Loss: the mean also divides by the 10 classes, hence 1000 instead of 100 as in the later stages
    cross_entropy = tf.multiply(-tf.reduce_mean(Y_ * tf.log(Y)), 1000.0, name="cross_entropy")

    correct_prediction = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32), name="accuracy")

    tf.train.GradientDescentOptimizer(0.005).minimize(cross_entropy, name="train_step")


if __name__ == "__main__":
    reference.train(
        "1.0",
        build,
        iterations=2000,
        train_every=10,
        test_every=50,
        more_tests_at_start=True,
        learning_rate=0.005,
    )
