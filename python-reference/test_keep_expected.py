"""Tests of keep_expected.py: run python -m unittest in this folder."""

import json
import pathlib
import tempfile
import unittest

from keep_expected import keep

MEASUREMENT = {
    "iteration": 0,
    "epoch": 1,
    "set": "TRAIN",
    "accuracy": 0.1,
    "loss": 230.5,
    "learning_rate": 0.003,
}


class KeepExpectedTest(unittest.TestCase):
    def keep(self, onednn):
        """The files stored for a run with this TF_ENABLE_ONEDNN_OPTS: path -> content."""
        with tempfile.TemporaryDirectory() as temporary:
            run = pathlib.Path(temporary)
            record = {
                "stage": "2.1",
                "options": {"iterations": 0, "batch_size": 100, "seed": 0},
                "data": {"sha256": {"train-images-idx3-ubyte": "abc"}},
                "versions": {},
                "platform": {"onednn": onednn},
                "results": {"initial_weights_sha256": "def", "weights_sha256": "123"},
            }
            (run / "run.json").write_text(json.dumps(record))
            (run / "metrics.jsonl").write_text(json.dumps(MEASUREMENT) + "\n")
            keep(run, run / "expected")
            files = (run / "expected").rglob("*.json")
            return {str(f.relative_to(run)): json.loads(f.read_text()) for f in files}

    def test_stores_runs_by_kernels(self):
        off = self.keep("0")["expected/onednn-off/2.1.json"]
        self.assertEqual([[0, 1, "TRAIN", 0.1, 230.5, 0.003]], off["measurements"])
        self.assertEqual("2.1", off["conditions"]["stage"])
        self.assertEqual(["expected/onednn-on/2.1.json"], list(self.keep("1")))

    def test_rejects_a_run_with_unknown_kernels(self):
        with self.assertRaisesRegex(SystemExit, "oneDNN as installed"):
            self.keep("as installed")


if __name__ == "__main__":
    unittest.main()
