"""mnist_2.2: five dense layers with ReLU, learning-rate decay and dropout.

In Java: Mnist22FiveLayersReluLrDecayDropout.java.
"""

import math

import tensorflow.compat.v1 as tf

import reference


def build():
    # Input images and labels
    X = tf.placeholder(tf.float32, [None, 28, 28, 1], name="X")
    Y_ = tf.placeholder(tf.float32, [None, 10], name="Y_")
    step = tf.placeholder(tf.int32, [], name="step")
    pkeep = tf.placeholder(tf.float32, [], name="pkeep")

    # Five layers and their number of neurons; the last has the ten classes
    L, M, N, O = 200, 100, 60, 30

    W1 = tf.Variable(tf.truncated_normal([784, L], stddev=0.1, seed=1), name="W1")
    B1 = tf.Variable(tf.ones([L]) / 10, name="B1")
    W2 = tf.Variable(tf.truncated_normal([L, M], stddev=0.1, seed=2), name="W2")
    B2 = tf.Variable(tf.ones([M]) / 10, name="B2")
    W3 = tf.Variable(tf.truncated_normal([M, N], stddev=0.1, seed=3), name="W3")
    B3 = tf.Variable(tf.ones([N]) / 10, name="B3")
    W4 = tf.Variable(tf.truncated_normal([N, O], stddev=0.1, seed=4), name="W4")
    B4 = tf.Variable(tf.ones([O]) / 10, name="B4")
    W5 = tf.Variable(tf.truncated_normal([O, 10], stddev=0.1, seed=5), name="W5")
    B5 = tf.Variable(tf.zeros([10]), name="B5")

    # The model
    XX = tf.reshape(X, [-1, 784])
    Y1 = tf.nn.relu(tf.matmul(XX, W1) + B1, name="Y1")
    Y1d = tf.nn.dropout(Y1, pkeep, seed=6, name="Y1d")
    Y2 = tf.nn.relu(tf.matmul(Y1d, W2) + B2, name="Y2")
    Y2d = tf.nn.dropout(Y2, pkeep, seed=7, name="Y2d")
    Y3 = tf.nn.relu(tf.matmul(Y2d, W3) + B3, name="Y3")
    Y3d = tf.nn.dropout(Y3, pkeep, seed=8, name="Y3d")
    Y4 = tf.nn.relu(tf.matmul(Y3d, W4) + B4, name="Y4")
    Y4d = tf.nn.dropout(Y4, pkeep, seed=9, name="Y4d")
    Ylogits = tf.add(tf.matmul(Y4d, W5), B5, name="Ylogits")
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
        "2.2",
        build,
        iterations=10000,
        train_every=20,
        test_every=100,
        more_tests_at_start=True,
        pkeep=0.75,
    )
