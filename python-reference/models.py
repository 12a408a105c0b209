"""Uses SavedModels as Python programs do: models.py --data DIR --out DIR MODEL ...

Each MODEL is a folder that the Java program exported. It is loaded with tf.saved_model.load, shown
and run with saved_model_cli, and converted with TFLite; the first --images of the test images, by
default all 10,000, go through all of them. --out gets, for the first model 0.f32, for the second
1.f32 and so on, the probabilities [images, 10] as little-endian float32; and models.json.
"""

import argparse
import contextlib
import io
import json
import os
import pathlib
import tempfile

import numpy as np

from images import grey, read_idx

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf  # noqa: E402  (reads the environment when it loads)
from tensorflow.python.tools import saved_model_cli  # noqa: E402

BATCH = 1000


def in_batches(function, images):
    """What a function says of all images, asked about 1000 at a time."""
    return np.concatenate(
        [function(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    )


def loaded(model, images, pixels):
    """tf.saved_model.load: probabilities, classes, and whether the bytes give the same."""
    signatures = tf.saved_model.load(str(model)).signatures
    by_default = signatures["serving_default"]
    answers = [
        by_default(image=tf.constant(images[i : i + BATCH])) for i in range(0, len(images), BATCH)
    ]
    found = {
        output: np.concatenate([answer[output].numpy() for answer in answers])
        for output in ("predictions", "classes")
    }
    of_bytes = in_batches(
        lambda batch: signatures["bytes"](image_bytes=tf.constant(batch))["predictions"].numpy(),
        pixels,
    )
    bytes_equal = np.array_equal(of_bytes, found["predictions"])
    return found["predictions"], found["classes"], bytes_equal


def command_line(model, images):
    """saved_model_cli show --all and run, within this process: starting it takes seconds."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        np.save(os.path.join(folder, "images.npy"), images)
        at = ["--dir", str(model)]
        run = ["--tag_set", "serve", "--signature_def", "serving_default", "--outdir", folder]
        inputs = ["--inputs", "image=" + os.path.join(folder, "images.npy")]
        for command in (["show", *at, "--all"], ["run", *at, *run, *inputs]):
            saved_model_cli.create_parser().parse_args(command).func()
        return np.load(os.path.join(folder, "predictions.npy"))


def tflite_classes(model, images):
    """The classes that the model says after its conversion to TFLite."""
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(model), signature_keys=["serving_default"]
    )
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    runner = interpreter.get_signature_runner("serving_default")
    return in_batches(lambda batch: runner(image=batch)["classes"], images)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=pathlib.Path, required=True)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options.add_argument("--images", type=int, default=10_000)
    options.add_argument("models", metavar="MODEL", nargs="+", type=pathlib.Path)
    args = options.parse_args()
    args.out.mkdir(parents=True)

    pixels = read_idx(args.data, "t10k-images-idx3-ubyte")[0].reshape(-1, 28, 28)[: args.images]
    images = grey(pixels)[..., np.newaxis]

    results = []
    for i, model in enumerate(args.models):
        probabilities, classes, bytes_equal = loaded(model, images, pixels)
        (args.out / f"{i}.f32").write_bytes(probabilities.astype("<f4").tobytes())
        command_line_difference = np.abs(command_line(model, images) - probabilities).max()
        tflite_agree = np.count_nonzero(tflite_classes(model, images) == classes)
        results.append(
            {
                "bytes_equal": bool(bytes_equal),
                "command_line_difference": float(command_line_difference),
                "tflite_agree": int(tflite_agree),
            }
        )
    (args.out / "models.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
