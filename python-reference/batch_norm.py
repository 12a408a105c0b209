"""Batch normalization from basic operations, as in the tutorial's scripts.

In Java: nn/BatchNorm.java and nn/MovingAverages.java.
"""

import tensorflow.compat.v1 as tf


class MovingAverages:
    """Exponential moving averages that start at 0 and adapt faster in the first steps."""

    def __init__(self, iteration, decay):
        """
        Args:
          iteration: scalar int32, from 0.
          decay: the weight of the previous average, 0..1.
        """
        iteration = tf.cast(iteration, tf.float32)
        decay = tf.minimum(decay, (1.0 + iteration) / (10.0 + iteration))
        self.weight = 1.0 - decay
        self.averages = []

    def of(self, name, value):
        """A variable with the moving average of a value, up to the previous step."""
        average = tf.Variable(tf.zeros(value.shape), trainable=False, name=name)
        tf.add_to_collection(tf.GraphKeys.MOVING_AVERAGE_VARIABLES, average)
        self.averages.append((average, value))
        return average

    def updates(self, *after):
        """The operations that update the averages; they run after the given ones."""
        with tf.control_dependencies(after):
            return [
                tf.assign_sub(average, (average - read(value)) * self.weight)
                for average, value in self.averages
            ]


def read(value):
    """The value of a variable at this point, not when the session run first read it."""
    return value.read_value() if isinstance(value, tf.Variable) else value


def batch_norm(layer, x, tst, averages, offset, scale=None):
    """Normalizes each neuron's values over the batch to a learned mean and variance.

    Args:
      layer: the layer's number, with which its averages M and V are named.
      x: [batch, neurons] or [batch, height, width, channels].
      tst: whether to use the moving averages of mean and variance instead of the batch's.
      averages: holds them.
      offset: [neurons] or [channels].
      scale: same shape as offset, or None before ReLU, which needs no scale.

    Returns:
      The same shape.
    """
    mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
    mean = tf.where_v2(tst, averages.of(f"M{layer}", mean), mean)
    variance = tf.where_v2(tst, averages.of(f"V{layer}", variance), variance)
    inverse = tf.rsqrt(variance + 1e-5)
    if scale is not None:
        inverse *= scale
    return tf.add(x * inverse, offset - mean * inverse, name=f"Y{layer}bn")
