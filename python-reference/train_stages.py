"""Trains several stages in one process: train_stages.py --data DIR --out DIR STAGE:ITERATIONS ...

Importing TensorFlow takes longer than a short run. The record of stage 2.1 goes to the folder 2.1
in --out, as if mnist_2.1.py had been run with that --out.
"""

import argparse
import pathlib
import runpy
import sys

import reference


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", required=True)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options.add_argument("stages", metavar="STAGE:ITERATIONS", nargs="+")
    args = options.parse_args()
    scripts = pathlib.Path(__file__).parent
    for argument in args.stages:
        stage, iterations = argument.split(":")
        script = str(scripts / f"mnist_{stage}.py")
        sys.argv = [
            script,
            f"--data={args.data}",
            f"--iterations={iterations}",
            f"--out={args.out / stage}",
        ]
        reference.tf.reset_default_graph()
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
