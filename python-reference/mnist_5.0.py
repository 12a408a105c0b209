"""mnist_5.0: distorted images, the best that one network reaches on MNIST in half an hour.

In Java: Mnist50DistortedConvolutional.java and nn/Distortion.java.
"""

import math

import numpy as np
import tensorflow.compat.v1 as tf

import reference
from batch_norm import MovingAverages

LAST = 21600  # iterations


def distort(images):
    """Rotates, scales, shears and shifts each image at random, [batch, 28, 28, 1]."""
    y, x = (v.reshape(-1) - 13.5 for v in np.mgrid[0:28, 0:28])
    zero, one = np.zeros(784), np.ones(784)
    right = np.float32([-y * 0.26, x * 0.12, zero, y * 0.1, one * 2.5, zero])
    down = np.float32([x * 0.26, zero, y * 0.12, x * 0.1, zero, one * 2.5])

    shape = tf.concat([tf.slice(tf.shape(images), [0], [1]), [6]], 0)
    random = tf.random_uniform(shape, seed=1) * 2.0 - 1.0

    def source(displacements, position):
        return tf.minimum(tf.maximum(tf.matmul(random, displacements) + position, 0.0), np.float32(26.999))

    x = source(right, np.float32(x + 13.5))
    y = source(down, np.float32(y + 13.5))
    left, above = tf.floor(x), tf.floor(y)
    to_right, to_below = x - left, y - above
    pixel = tf.cast(above * 28.0 + left, tf.int32)
    flat = tf.reshape(images, [-1, 784])

    def gather(offset):
        return tf.gather(flat, pixel + offset, axis=1, batch_dims=1)

    def interpolate(a, b, weight):
        return a + (b - a) * weight

    upper = interpolate(gather(0), gather(1), to_right)
    lower = interpolate(gather(28), gather(29), to_right)
    return tf.reshape(interpolate(upper, lower, to_below), [-1, 28, 28, 1])


def build():
    # Input images and labels
    X = tf.placeholder(tf.float32, [None, 28, 28, 1], name="X")
    Y_ = tf.placeholder(tf.float32, [None, 10], name="Y_")
    step = tf.placeholder(tf.int32, [], name="step")
    pkeep = tf.placeholder(tf.float32, [], name="pkeep")

    patch, stride = [5, 3, 3, 3, 3], [2, 1, 1, 2, 1]
    channels = [1, 32, 64, 64, 96, 96]  # of the input and of each layer

    weights = MovingAverages(step, 0.999)
    moments = MovingAverages(step, 0.99)

    T = distort(X)  # the training path
    Y = X  # the inference path
    for i in range(1, 6):
        size, c, out = patch[i - 1], channels[i - 1], channels[i]
        strides = [1, stride[i - 1], stride[i - 1], 1]
        W = tf.Variable(
            tf.truncated_normal(
                [size, size, c, out], stddev=math.sqrt(2.0 / (size * size * c)), seed=i + 1
            ),
            name=f"W{i}",
        )
        S = tf.Variable(tf.ones([out]), name=f"S{i}")
        B = tf.Variable(tf.zeros([out]), name=f"B{i}")

        norm = tf.raw_ops.FusedBatchNormV3(
            x=tf.nn.conv2d(T, W, strides=strides, padding="SAME"),
            scale=S,
            offset=B,
            mean=[],
            variance=[],
            epsilon=1e-3,
        )
        T = tf.nn.relu(norm.y)

        averaged = tf.raw_ops.FusedBatchNormV3(
            x=tf.nn.conv2d(Y, weights.of(f"W{i}_average", W), strides=strides, padding="SAME"),
            scale=weights.of(f"S{i}_average", S),
            offset=weights.of(f"B{i}_average", B),
            mean=moments.of(f"M{i}", norm.batch_mean),
            variance=moments.of(f"V{i}", norm.batch_variance),
            epsilon=1e-3,
            is_training=False,
        )
        Y = tf.nn.relu(averaged.y, name=f"Y{i}")

    flat = 7 * 7 * channels[5]
    W6 = tf.Variable(tf.truncated_normal([flat, 10], stddev=0.01, seed=7), name="W6")
    B6 = tf.Variable(tf.zeros([10]), name="B6")

    TT = tf.nn.dropout(tf.reshape(T, [-1, flat]), pkeep, seed=8, name="TT")
    training_loss = tf.nn.softmax_cross_entropy_with_logits(
        logits=tf.matmul(TT, W6) + B6, labels=Y_
    )
    training_loss = tf.multiply(tf.reduce_mean(training_loss), 100.0, name="training_loss")

    YY = tf.reshape(Y, [-1, flat])
    W6a, B6a = weights.of("W6_average", W6), weights.of("B6_average", B6)
    Ylogits = tf.add(tf.matmul(YY, W6a), B6a, name="Ylogits")
    Y = tf.nn.softmax(Ylogits, name="Y")
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
    tf.multiply(tf.reduce_mean(cross_entropy), 100.0, name="cross_entropy")

    correct_prediction = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32), name="accuracy")

    # The learning rate: rises to 0.003 in 600 iterations, falls to 0 by the last
    i = tf.minimum(tf.cast(step, tf.float32), float(LAST))
    falling = tf.cos(i * np.float32(math.pi / LAST)) * 0.5 + 0.5
    lr = tf.multiply(tf.minimum((i + 1.0) / 600.0, falling), 0.003, name="lr")

    minimize = adam_w(lr, 0.05, training_loss)
    updates = weights.updates(minimize) + moments.updates(minimize)
    tf.group(minimize, *updates, name="train_step")


def adam_w(lr, decay, loss):
    """Adam with decoupled decay of the weights, but not of biases and scales."""
    adam = tf.train.AdamOptimizer(lr)
    gradients = adam.compute_gradients(loss)
    with tf.control_dependencies([gradient for gradient, _ in gradients]):
        decayed = [
            tf.assign_sub(variable, variable * (lr * decay))
            for _, variable in gradients
            if len(variable.shape) > 1
        ]
    with tf.control_dependencies(decayed):
        return adam.apply_gradients(gradients)


if __name__ == "__main__":
    reference.train(
        "5.0",
        build,
        iterations=LAST,
        train_every=100,
        test_every=600,
        pkeep=0.6,
    )
