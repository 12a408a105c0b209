"""Batch normalisation, written from its operations as in the tutorial's scripts.

Beside it: network/BatchNorm.java and network/MovingAverages.java.
"""

import tensorflow.compat.v1 as tf


class MovingAverages:
    """Exponential moving averages that start at 0 and move further in the first steps."""

    def __init__(self, iteration, decay):
        """
        Args:
          iteration: scalar int32, from 0.
          decay: the share of the past that an average keeps, 0..1.
        """
        iteration = tf.cast(iteration, tf.float32)
        decay = tf.minimum(decay, (1.0 + iteration) / (10.0 + iteration))
        self.share = 1.0 - decay
        self.averages = []

    def of(self, name, value):
        """The moving average of a value as it stood before this step, a variable of that name."""
        average = tf.Variable(tf.zeros(value.shape), trainable=False, name=name)
        tf.add_to_collection(tf.GraphKeys.MOVING_AVERAGE_VARIABLES, average)
        self.averages.append((average, value))
        return average

    def updates(self, *after):
        """The operations that move them, once what is named has run."""
        with tf.control_dependencies(after):
            return [
                tf.assign_sub(average, (average - now(value)) * self.share)
                for average, value in self.averages
            ]


def now(value):
    """A variable as it is when this is computed, not when it was first read in the run."""
    return value.read_value() if isinstance(value, tf.Variable) else value


def batch_norm(layer, x, tst, averages, offset, scale=None):
    """Brings each neuron's values over the batch to a mean and a variance that are learned.

    Args:
      layer: the layer's number; its averages become the variables M and V with this number.
      x: [batch, neurons] or [batch, height, width, channels].
      tst: whether to take the moving averages of mean and variance instead of the batch's.
      averages: where those are kept.
      offset: [neurons] or [channels].
      scale: the same, or None for no scale, which ReLU has no use for.

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
