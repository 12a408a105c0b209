"""The training loop and the run record that the scripts share.

They correspond to the Java program, so that both train on the same batches and measure at the same
iterations.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import resource
import sys
import time

import numpy as np

from images import FILES, Images, order, read_idx

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow.compat.v1 as tf  # noqa: E402  (reads the environment when it loads)
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig  # noqa: E402

tf.disable_eager_execution()
tf.disable_resource_variables()

TEST_BATCH = 1000  # the test set is evaluated in batches


def weights_bytes(values):
    """The variables in the script's order, each row-major as little-endian float32."""
    return b"".join(np.ascontiguousarray(v, "<f4").tobytes() for v in values)


def train(
    stage,
    build,
    iterations,
    train_every,
    test_every,
    more_tests_at_start=False,
    learning_rate=None,
    pkeep=None,
    rewrites_off=(),
):
    """Builds a stage's graph, trains it, and writes a record of the run.

    Args:
      stage: the script's number, such as "3.0".
      build: makes the graph with the tutorial's node names.
      iterations: the last iteration, counted from 0.
      train_every: iterations between measurements of the current batch.
      test_every: iterations between measurements of the test set.
      more_tests_at_start: whether the test set is measured as often as the batch before iteration
        test_every.
      learning_rate: the learning rate if the graph has no node lr.
      pkeep: the value of the placeholder pkeep in training; it is 1 in measurements.
      rewrites_off: optimizations of the graph to disable, named as in RewriterConfig: those that
        apply to this graph and not to Java's, whose gradients consist of other nodes.
    """
    options = argparse.ArgumentParser(description=f"Stage {stage} in Python.")
    options.add_argument("--data", type=pathlib.Path, default=os.environ.get("MNIST_DATA"))
    options.add_argument("--out", type=pathlib.Path, help="folder for the record, must not exist")
    options.add_argument("--times", action="store_true", help="print the times as JSON at the end")
    options.add_argument("--iterations", type=int, default=iterations)
    options.add_argument("--batch-size", type=int, default=100)
    options.add_argument("--seed", type=int, default=0)
    args = options.parse_args()
    if args.data is None:
        options.error("specify the folder with MNIST's files in --data or MNIST_DATA")
    if args.out is not None:
        try:
            args.out.mkdir(parents=True)
        except FileExistsError:
            sys.exit(f"error: {args.out} already exists; choose another folder")

    content = {name: read_idx(args.data, name) for name in FILES}
    training = Images(content[FILES[0]][0], content[FILES[1]][0])
    test = Images(content[FILES[2]][0], content[FILES[3]][0])
    count = len(training.labels)
    test_batches = [
        test.batch(np.arange(i, min(i + TEST_BATCH, len(test.labels))))
        for i in range(0, len(test.labels), TEST_BATCH)
    ]

    tf.set_random_seed(args.seed)
    build()
    graph = tf.get_default_graph()
    nodes = {operation.name for operation in graph.get_operations()}

    def feed(batch, step, keep=1.0, tst=False):
        values = {
            "X:0": batch[0],
            "Y_:0": batch[1],
            "step:0": step,
            "iter:0": step,
            "pkeep:0": keep,
            "pkeep_conv:0": 1.0,
            "tst:0": tst,
        }
        return {name: value for name, value in values.items() if name[:-2] in nodes}

    log = open(args.out / "metrics.jsonl", "w") if args.out else None
    measurements = []
    step_seconds = []
    started = time.time()

    config = tf.ConfigProto()
    for rewrite in rewrites_off:
        setattr(config.graph_options.rewrite_options, rewrite, RewriterConfig.OFF)

    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        trained = tf.trainable_variables()
        variables = trained + tf.get_collection(tf.GraphKeys.MOVING_AVERAGE_VARIABLES)
        initial = session.run(variables)

        def measure(kind, batches, i):
            fetches = ["accuracy:0", "cross_entropy:0"] + (["lr:0"] if "lr" in nodes else [])
            correct = images = 0
            loss = 0.0
            rate = learning_rate
            for batch in batches:
                values = session.run(fetches, feed(batch, i, tst=kind == "TEST"))
                correct += round(float(values[0]) * len(batch[0]))
                loss += float(values[1]) * len(batch[0])
                images += len(batch[0])
                rate = values[2] if "lr" in nodes else rate
            accuracy = np.float32(correct) / np.float32(images)
            loss = np.float32(loss / images)
            epoch = i * args.batch_size // count + 1
            if kind == "TRAIN":
                print(f"{i}: accuracy:{accuracy!s} loss: {loss!s} (lr:{rate!s})")
            else:
                print(
                    f"{i}: ********* epoch {epoch} *********"
                    f" test accuracy:{accuracy!s} test loss: {loss!s}"
                )
            measurement = {
                "iteration": i,
                "epoch": epoch,
                "set": kind,
                # str() of a float32 is the shortest number that reads back as the same float32
                "accuracy": float(str(accuracy)),
                "loss": float(str(loss)),
                "learning_rate": float(str(np.float32(rate))),
            }
            measurements.append(measurement)
            if log:
                log.write(json.dumps(measurement) + "\n")
                log.flush()

        images_order = order(count, args.seed)
        next_image = 0
        for i in range(args.iterations + 1):
            if next_image + args.batch_size > count:
                next_image = 0
            began = time.perf_counter()
            batch = training.batch(images_order[next_image : next_image + args.batch_size])
            filled = time.perf_counter() - began
            next_image += args.batch_size

            if i == 0 and args.out:
                # In a separate session, so that dropout's random numbers do not advance.
                with tf.Session(config=config) as separate:
                    separate.run(tf.global_variables_initializer())
                    gradients = separate.run(gradient_names(graph, trained), feed(batch, i))
                (args.out / "gradients.f32").write_bytes(weights_bytes(gradients))
            if i % train_every == 0:
                measure("TRAIN", [batch], i)
            if i % test_every == 0 or (
                more_tests_at_start and i < test_every and i % train_every == 0
            ):
                measure("TEST", test_batches, i)
            began = time.perf_counter()
            session.run("train_step", feed(batch, i, pkeep))
            if "update_ema" in nodes:
                session.run("update_ema", feed(batch, i))
            step_seconds.append(filled + time.perf_counter() - began)
            if i == 0:
                first_step_ended = time.time()
        final = session.run(variables)

    if args.times:
        times = {
            "step_millis": float(np.median(step_seconds) * 1000),
            "first_step_ended": first_step_ended,  # seconds since 1970
            "ended": time.time(),
            "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        }
        print(json.dumps(times))

    if args.out:
        log.close()
        (args.out / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
        (args.out / "initial.f32").write_bytes(weights_bytes(initial))
        (args.out / "final.f32").write_bytes(weights_bytes(final))
        weights = {v.op.name: value for v, value in zip(variables, final)}
        probabilities = export(graph, weights, args.out / "model", [b[0] for b in test_batches])
        (args.out / "probabilities.f32").write_bytes(weights_bytes(probabilities))
        run = {
            "stage": stage,
            "status": "completed",
            "options": {
                "iterations": args.iterations,
                "batch_size": args.batch_size,
                "seed": args.seed,
            },
            "data": {"source": str(args.data), "sha256": {n: c[1] for n, c in content.items()}},
            "versions": {"tensorflow": tf.__version__, "python": platform.python_version()},
            "platform": {
                "os": platform.system(),
                "arch": platform.machine(),
                "processors": os.cpu_count(),
                "cpu_flags": cpu_flags(),
                "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "as installed"),
            },
            "variables": [v.op.name for v in variables],
            "results": {
                "steps": args.iterations + 1,
                "best_test": max(
                    (m for m in measurements if m["set"] == "TEST"), key=lambda m: m["accuracy"]
                ),
                "median_step_ms": float(np.median(step_seconds) * 1000),
                "seconds": time.time() - started,
                "initial_weights_sha256": hashlib.sha256(weights_bytes(initial)).hexdigest(),
                "weights_sha256": hashlib.sha256(weights_bytes(final)).hexdigest(),
            },
        }
        (args.out / "run.json").write_text(json.dumps(run, indent=2) + "\n")


def export(graph, weights, folder, batches):
    """Writes a SavedModel with Python's API: the whole graph, without dropout, with moving averages.

    Args:
      graph: the trained graph.
      weights: variable name -> value.
      folder: must not exist.
      batches: images [batch, 28, 28, 1].

    Returns:
      Its probabilities for each batch, [batch, 10].
    """
    meta_graph = tf.train.export_meta_graph(graph=graph)
    with tf.Graph().as_default(), tf.Session() as session:
        nodes = {node.name for node in meta_graph.graph_def.node}
        inference = {"pkeep": 1.0, "pkeep_conv": 1.0, "tst": True}
        tf.train.import_meta_graph(
            meta_graph,
            input_map={
                name + ":0": tf.constant(value)
                for name, value in inference.items()
                if name in nodes
            },
        )
        session.run(tf.global_variables_initializer())
        for variable in [v for v in tf.global_variables() if v.op.name in weights]:
            variable.load(weights[variable.op.name], session)
        X, Y = (session.graph.get_tensor_by_name(name) for name in ("X:0", "Y:0"))
        tf.saved_model.simple_save(
            session,
            str(folder),
            inputs={"image": X},
            outputs={"predictions": Y, "classes": tf.argmax(Y, 1)},
        )
        return [session.run(Y, {X: images}) for images in batches]


def cpu_flags():
    """The processor's instruction sets that TensorFlow uses; empty if unknown."""
    wanted = "sse4_2 avx avx2 fma avx512f avx512_vnni avx512_bf16 avx_vnni amx_tile".split()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return [flag for flag in wanted if flag in flags]


def gradient_names(graph, variables):
    """The gradient of each variable, as an input of its training update."""
    gradients = {}
    for operation in graph.get_operations():
        if operation.type in ("ApplyAdam", "ApplyGradientDescent"):
            index = 9 if operation.type == "ApplyAdam" else 2
            gradients[operation.inputs[0].op.name] = operation.inputs[index].name
    return [gradients[v.op.name] for v in variables]
