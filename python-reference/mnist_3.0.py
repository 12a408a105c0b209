"""mnist_3.0: a convolutional network.

In Java: Mnist30Convolutional.java.
"""

import math

import tensorflow.compat.v1 as tf

import reference


def build():
    # Input images and labels
    X = tf.placeholder(tf.float32, [None, 28, 28, 1], name="X")
    Y_ = tf.placeholder(tf.float32, [None, 10], name="Y_")
    step = tf.placeholder(tf.int32, [], name="step")

    # Three convolutional layers with their channels, and a dense layer with its neurons
    K, L, M, N = 4, 8, 12, 200

    W1 = tf.Variable(tf.truncated_normal([5, 5, 1, K], stddev=0.1, seed=1), name="W1")
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
    Y1 = tf.nn.relu(
        tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding="SAME") + B1, name="Y1"
    )
    Y2 = tf.nn.relu(
        tf.nn.conv2d(Y1, W2, strides=[1, 2, 2, 1], padding="SAME") + B2, name="Y2"
    )
    Y3 = tf.nn.relu(
        tf.nn.conv2d(Y2, W3, strides=[1, 2, 2, 1], padding="SAME") + B3, name="Y3"
    )
    YY = tf.reshape(Y3, [-1, 7 * 7 * M])
    Y4 = tf.nn.relu(tf.matmul(YY, W4) + B4, name="Y4")
    Ylogits = tf.add(tf.matmul(Y4, W5), B5, name="Ylogits")
    Y = tf.nn.softmax(Ylogits, name="Y")

    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
    cross_entropy = tf.multiply(tf.reduce_mean(cross_entropy), 100.0, name="cross_entropy")

    correct_prediction = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32), name="accuracy")

    # The learning rate: 0.0001 + 0.003 * (1/e)^(step / 2000)
    lr = tf.add(0.0001, tf.train.exponential_decay(0.003, step, 2000, 1 / math.e), name="lr")
    tf.train.AdamOptimizer(lr).minimize(cross_entropy, name="train_step")


if __name__ == "__main__":
    reference.train(
        "3.0",
        build,
        iterations=10000,
        train_every=10,
        test_every=100,
    )
