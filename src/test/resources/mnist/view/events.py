"""Prints what TensorFlow reads from event files: one JSON object a line for each value in them."""

import json
import sys

import tensorflow as tf

for name in sys.argv[1:]:
    for event in tf.compat.v1.train.summary_iterator(name):
        for value in event.summary.value:
            seen = {"file": name, "iteration": event.step, "tag": value.tag}
            kind = value.WhichOneof("value")
            if kind == "simple_value":
                seen["scalar"] = value.simple_value
            elif kind == "histo":
                histogram = value.histo
                seen["histogram"] = [histogram.min, histogram.max, histogram.num, sum(histogram.bucket)]
            else:
                width, height, png = tf.make_ndarray(value.tensor)
                image = tf.io.decode_png(png)
                seen["image"] = [int(width), int(height), *image.shape]
            print(json.dumps(seen))
