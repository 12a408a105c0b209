"""mnist_4.0: five dense layers with sigmoid and batch normalization.

In Java: Mnist40BatchNormFiveLayersSigmoid.java.
"""

import math

import tensorflow.compat.v1 as tf

import reference
from batch_norm import MovingAverages, batch_norm


def build():
    # Input images and labels
    X = tf.placeholder(tf.float32, [None, 28, 28, 1], name="X")
    Y_ = tf.placeholder(tf.float32, [None, 10], name="Y_")
    tst = tf.placeholder(tf.bool, [], name="tst")
    iter = tf.placeholder(tf.int32, [], name="iter")

    # Five layers and their number of neurons; the last has the ten classes
    L, M, N, O = 200, 100, 60, 30

    W1 = tf.Variable(tf.truncated_normal([784, L], stddev=0.1, seed=1), name="W1")
    S1 = tf.Variable(tf.ones([L]), name="S1")
    O1 = tf.Variable(tf.zeros([L]), name="O1")
    W2 = tf.Variable(tf.truncated_normal([L, M], stddev=0.1, seed=2), name="W2")
    S2 = tf.Variable(tf.ones([M]), name="S2")
    O2 = tf.Variable(tf.zeros([M]), name="O2")
    W3 = tf.Variable(tf.truncated_normal([M, N], stddev=0.1, seed=3), name="W3")
    S3 = tf.Variable(tf.ones([N]), name="S3")
    O3 = tf.Variable(tf.zeros([N]), name="O3")
    W4 = tf.Variable(tf.truncated_normal([N, O], stddev=0.1, seed=4), name="W4")
    S4 = tf.Variable(tf.ones([O]), name="S4")
    O4 = tf.Variable(tf.zeros([O]), name="O4")
    W5 = tf.Variable(tf.truncated_normal([O, 10], stddev=0.1, seed=5), name="W5")
    B5 = tf.Variable(tf.zeros([10]), name="B5")

    # The model
    averages = MovingAverages(iter, 0.998)
    XX = tf.reshape(X, [-1, 784])
    Y1l = tf.matmul(XX, W1, name="Y1l")
    Y1 = tf.sigmoid(batch_norm(1, Y1l, tst, averages, O1, S1), name="Y1")
    Y2l = tf.matmul(Y1, W2, name="Y2l")
    Y2 = tf.sigmoid(batch_norm(2, Y2l, tst, averages, O2, S2), name="Y2")
    Y3l = tf.matmul(Y2, W3, name="Y3l")
    Y3 = tf.sigmoid(batch_norm(3, Y3l, tst, averages, O3, S3), name="Y3")
    Y4l = tf.matmul(Y3, W4, name="Y4l")
    Y4 = tf.sigmoid(batch_norm(4, Y4l, tst, averages, O4, S4), name="Y4")
    Ylogits = tf.add(tf.matmul(Y4, W5), B5, name="Ylogits")
    Y = tf.nn.softmax(Ylogits, name="Y")

    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
    cross_entropy = tf.multiply(tf.reduce_mean(cross_entropy), 100.0, name="cross_entropy")

    correct_prediction = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32), name="accuracy")

    # The learning rate: 0.0001 + 0.03 * (1/e)^(iter / 1000)
    lr = tf.add(0.0001, tf.train.exponential_decay(0.03, iter, 1000, 1 / math.e), name="lr")
    minimize = tf.train.AdamOptimizer(lr).minimize(cross_entropy)
    tf.group(minimize, *averages.updates(minimize), name="train_step")


if __name__ == "__main__":
    reference.train(
        "4.0",
        build,
        iterations=10000,
        train_every=20,
        test_every=100,
        more_tests_at_start=True,
        # TensorFlow would add the three gradients of a normalized layer in the order of their node
        # names, which differ in Java.
        rewrites_off=["arithmetic_optimization"],
    )
