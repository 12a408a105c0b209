"""Stores the results of full runs in expected/, for machines without Python: keep_expected.py RUN ..."""

import json
import pathlib
import sys

# By the value of TF_ENABLE_ONEDNN_OPTS in the run.
FOLDERS = {"0": "onednn-off", "1": "onednn-on"}


def keep(folder, expected=pathlib.Path(__file__).parent / "expected"):
    """Writes expected/onednn-on/<stage>.json, or onednn-off, from the record in a run's folder."""
    run = json.loads((folder / "run.json").read_text())
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    measurements = [json.loads(line) for line in lines]
    onednn = run["platform"]["onednn"]
    if onednn not in FOLDERS:
        sys.exit(f"error: {folder} ran with oneDNN {onednn}; set TF_ENABLE_ONEDNN_OPTS to 0 or 1")
    kept = {
        "conditions": {
            "stage": run["stage"],
            **run["options"],
            "sha256": run["data"]["sha256"],
        },
        "versions": run["versions"],
        "platform": run["platform"],
        "initial_weights_sha256": run["results"]["initial_weights_sha256"],
        "weights_sha256": run["results"]["weights_sha256"],
        "measurements": "@",
    }
    # One line per measurement: iteration, epoch, set, accuracy, loss, learning rate.
    lines = ",\n    ".join(json.dumps(list(m.values())) for m in measurements)
    text = json.dumps(kept, indent=2).replace('"@"', "[\n    " + lines + "\n  ]")
    path = expected / FOLDERS[onednn] / (run["stage"] + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        keep(pathlib.Path(argument))
