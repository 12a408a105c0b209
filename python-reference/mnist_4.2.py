"""mnist_4.2: an even bigger convolutional network, with batch normalization and dropout.

In Java: Mnist42BatchNormConvolutional.java.
"""

import math

import tensorflow.compat.v1 as tf

import reference
from batch_norm import MovingAverages, batch_norm


def channel_noise_shape(x):
    """The noise shape [batch, 1, 1, channels], with which dropout drops whole channels of x."""
    return tf.shape(x) * [1, 0, 0, 1] + [0, 1, 1, 0]


def build():
    # Input images and labels
    X = tf.placeholder(tf.float32, [None, 28, 28, 1], name="X")
    Y_ = tf.placeholder(tf.float32, [None, 10], name="Y_")
    tst = tf.placeholder(tf.bool, [], name="tst")
    iter = tf.placeholder(tf.int32, [], name="iter")
    pkeep = tf.placeholder(tf.float32, [], name="pkeep")
    pkeep_conv = tf.placeholder(tf.float32, [], name="pkeep_conv")

    # Three convolutional layers with their channels, and a dense layer with its neurons
    K, L, M, N = 24, 48, 64, 200

    W1 = tf.Variable(tf.truncated_normal([6, 6, 1, K], stddev=0.1, seed=1), name="W1")
    B1 = tf.Variable(tf.ones([K]) / 10, name="B1")
    W2 = tf.Variable(tf.truncated_normal([5, 5, K, L], stddev=0.1, seed=2), name="W2")
    B2 = tf.Variable(tf.ones([L]) / 10, name="B2")
    W3 = tf.Variable(tf.truncated_normal([4, 4, L, M], stddev=0.1, seed=3), name="W3")
    B3 = tf.Variable(tf.ones([M]) / 10, name="B3")
    W4 = tf.Variable(tf.truncated_normal([7 * 7 * M, N], stddev=0.1, seed=4), name="W4")
    B4 = tf.Variable(tf.ones([N]) / 10, name="B4")
    W5 = tf.Variable(tf.truncated_normal([N, 10], stddev=0.1, seed=5), name="W5")
    B5 = tf.Variable(tf.ones([10]) / 10, name="B5")

    # The model
    averages = MovingAverages(iter, 0.999)
    Y1l = tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding="SAME", name="Y1l")
    Y1 = tf.nn.relu(batch_norm(1, Y1l, tst, averages, B1), name="Y1")
    YY1 = tf.nn.dropout(Y1, pkeep_conv, channel_noise_shape(Y1), seed=6, name="YY1")
    Y2l = tf.nn.conv2d(YY1, W2, strides=[1, 2, 2, 1], padding="SAME", name="Y2l")
    Y2 = tf.nn.relu(batch_norm(2, Y2l, tst, averages, B2), name="Y2")
    YY2 = tf.nn.dropout(Y2, pkeep_conv, channel_noise_shape(Y2), seed=7, name="YY2")
    Y3l = tf.nn.conv2d(YY2, W3, strides=[1, 2, 2, 1], padding="SAME", name="Y3l")
    Y3 = tf.nn.relu(batch_norm(3, Y3l, tst, averages, B3), name="Y3")
    YY3 = tf.nn.dropout(Y3, pkeep_conv, channel_noise_shape(Y3), seed=8, name="YY3")
    YY = tf.reshape(YY3, [-1, 7 * 7 * M])
    Y4l = tf.matmul(YY, W4, name="Y4l")
    Y4 = tf.nn.relu(batch_norm(4, Y4l, tst, averages, B4), name="Y4")
    YY4 = tf.nn.dropout(Y4, pkeep, seed=9, name="YY4")
    Ylogits = tf.add(tf.matmul(YY4, W5), B5, name="Ylogits")
    Y = tf.nn.softmax(Ylogits, name="Y")

    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
    cross_entropy = tf.multiply(tf.reduce_mean(cross_entropy), 100.0, name="cross_entropy")

    correct_prediction = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32), name="accuracy")

    # The learning rate: 0.0001 + 0.02 * (1/e)^(iter / 1600)
    lr = tf.add(0.0001, tf.train.exponential_decay(0.02, iter, 1600, 1 / math.e), name="lr")
    tf.train.AdamOptimizer(lr).minimize(cross_entropy, name="train_step")

    # Runs separately, after the train step
    tf.group(*averages.updates(), name="update_ema")


if __name__ == "__main__":
    reference.train(
        "4.2",
        build,
        iterations=10000,
        train_every=20,
        test_every=100,
        pkeep=0.75,
        # TensorFlow would add the three gradients of a normalized layer in the order of their node
        # names, which differ in Java.
        rewrites_off=["arithmetic_optimization"],
    )
