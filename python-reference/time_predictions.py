"""Times predictions of a SavedModel, one image at a time: time_predictions.py --data DIR MODEL.

Prints a line of JSON: the median and the 99th percentile of the times in milliseconds.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np

from images import normalize, read_idx

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow.compat.v1 as tf  # noqa: E402  (reads the environment when it loads)

WARM_UP = 2000


def main():
    options = argparse.ArgumentParser()
    options.add_argument("model", type=pathlib.Path)
    options.add_argument("--data", type=pathlib.Path, required=True)
    options.add_argument("--predictions", type=int, default=10_000)
    args = options.parse_args()
    images = normalize(read_idx(args.data, "t10k-images-idx3-ubyte")[0]).reshape(-1, 28, 28, 1)

    seconds = []
    with tf.Graph().as_default(), tf.Session() as session:
        signature = tf.saved_model.load(session, ["serve"], str(args.model)).signature_def[
            "serving_default"
        ]
        image = session.graph.get_tensor_by_name(signature.inputs["image"].name)
        predictions = session.graph.get_tensor_by_name(signature.outputs["predictions"].name)
        # The fastest way to run a session.
        predict = session.make_callable(predictions, [image])
        for i in range(WARM_UP + args.predictions):
            one = images[i % len(images)][np.newaxis]
            began = time.perf_counter()
            predict(one)
            seconds.append(time.perf_counter() - began)
    median, percentile99 = np.percentile(np.array(seconds[WARM_UP:]) * 1000, [50, 99])
    print(json.dumps({"median_millis": median, "slowest_hundredth_millis": percentile99}))


if __name__ == "__main__":
    main()
