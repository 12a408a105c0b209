"""Keeps a run's results in expected/, for machines without Python: keep_expected.py RUN_FOLDER ..."""

import json
import pathlib
import sys


def keep(folder):
    """Writes expected/<stage>.json from the record in a run's folder."""
    run = json.loads((folder / "run.json").read_text())
    measurements = [json.loads(line) for line in open(folder / "metrics.jsonl")]
    tests = [m for m in measurements if m["set"] == "TEST"]
    expected = {
        "stage": run["stage"],
        "options": run["options"],
        "data": run["data"]["sha256"],
        "versions": run["versions"],
        "platform": run["platform"],
        "initial_weights_sha256": run["results"]["initial_weights_sha256"],
        "weights_sha256": run["results"]["weights_sha256"],
        "best_test_accuracy": max(m["accuracy"] for m in tests),
        "last_test_accuracy": tests[-1]["accuracy"],
        "measurements": "@",
    }
    # One line a measurement: iteration, epoch, set, accuracy, loss, learning rate.
    lines = ",\n    ".join(json.dumps(list(m.values())) for m in measurements)
    text = json.dumps(expected, indent=2).replace('"@"', "[\n    " + lines + "\n  ]")
    path = pathlib.Path(__file__).parent / "expected" / (run["stage"] + ".json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        keep(pathlib.Path(argument))
