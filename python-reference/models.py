"""Uses SavedModels as Python programs do: models.py --data DIR --out DIR MODEL ...

Each MODEL is a folder that the Java program exported. It is loaded with tf.saved_model.load, shown
and run with saved_model_cli, and converted to TFLite; each of them classifies the first --images
test images, by default all 10,000. The probabilities [images, 10] of the first model are written to
0.f32 in --out, of the second to 1.f32 and so on, as little-endian float32; the rest to models.json.
"""

import argparse
import contextlib
import io
import json
import os
import pathlib
import tempfile

import numpy as np

from images import normalize, read_idx

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf  # noqa: E402  (reads the environment when it loads)
from tensorflow.python.tools import saved_model_cli  # noqa: E402

BATCH = 1000


def in_batches(function, images):
    """Applies a function to all images, 1000 at a time."""
    return np.concatenate(
        [function(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    )


def classify(model, images, pixels):
    """With tf.saved_model.load: probabilities, classes, and whether both signatures agree."""
    signatures = tf.saved_model.load(str(model)).signatures
    default = signatures["serving_default"]
    outputs = [
        default(image=tf.constant(images[i : i + BATCH])) for i in range(0, len(images), BATCH)
    ]
    results = {
        output: np.concatenate([batch[output].numpy() for batch in outputs])
        for output in ("predictions", "classes")
    }
    from_bytes = in_batches(
        lambda batch: signatures["bytes"](image_bytes=tf.constant(batch))["predictions"].numpy(),
        pixels,
    )
    bytes_equal = np.array_equal(from_bytes, results["predictions"])
    return results["predictions"], results["classes"], bytes_equal


def command_line(model, images):
    """saved_model_cli show --all and run, in this process, since starting another takes seconds."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        np.save(os.path.join(folder, "images.npy"), images)
        at = ["--dir", str(model)]
        run = ["--tag_set", "serve", "--signature_def", "serving_default", "--outdir", folder]
        inputs = ["--inputs", "image=" + os.path.join(folder, "images.npy")]
        for command in (["show", *at, "--all"], ["run", *at, *run, *inputs]):
            saved_model_cli.create_parser().parse_args(command).func()
        return np.load(os.path.join(folder, "predictions.npy"))


def tflite_classes(model, images):
    """The classes that the model predicts after conversion to TFLite."""
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
    images = normalize(pixels)[..., np.newaxis]

    results = []
    for i, model in enumerate(args.models):
        probabilities, classes, bytes_equal = classify(model, images, pixels)
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
