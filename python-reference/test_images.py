"""Tests of images.py: run python -m unittest in this folder."""

import gzip
import hashlib
import tempfile
import unittest
from pathlib import Path

from images import JavaRandom, order, read_idx


class FilesTest(unittest.TestCase):
    NAME = "t10k-labels-idx1-ubyte"
    CONTENT = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1])

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def test_finds_names_with_dash_or_dot_with_or_without_gz(self):
        for name in (self.NAME, "t10k-labels.idx1-ubyte"):
            for ending, content in (("", self.CONTENT), (".gz", gzip.compress(self.CONTENT))):
                with self.subTest(name + ending):
                    file = self.folder / (name + ending)
                    file.write_bytes(content)
                    labels, sha256 = read_idx(self.folder, self.NAME)
                    self.assertEqual([7, 2, 1], list(labels))
                    self.assertEqual(hashlib.sha256(self.CONTENT).hexdigest(), sha256)
                    file.unlink()

    def test_ignores_a_folder_with_the_name(self):
        (self.folder / self.NAME).mkdir()
        (self.folder / "t10k-labels.idx1-ubyte").write_bytes(self.CONTENT)
        self.assertEqual([7, 2, 1], list(read_idx(self.folder, self.NAME)[0]))

    def test_reports_a_missing_file(self):
        with self.assertRaisesRegex(SystemExit, f"lacks {self.NAME}, expected there"):
            read_idx(self.folder, self.NAME)


class OrderTest(unittest.TestCase):
    def test_numbers_equal_java_util_random(self):
        # new java.util.Random(42): nextInt(10) five times; nextInt(16), a power of two, three times
        random = JavaRandom(42)
        self.assertEqual([0, 3, 8, 4, 0], [random.next_int(10) for _ in range(5)])
        random = JavaRandom(42)
        self.assertEqual([11, 0, 10], [random.next_int(16) for _ in range(3)])

    def test_large_bounds_skip_the_incomplete_range(self):
        # new java.util.Random(7): nextInt(1_500_000_000) four times
        random = JavaRandom(7)
        self.assertEqual([1371249164, 20678044, 747989380, 1053566254], [random.next_int(1_500_000_000) for _ in range(4)])

    def test_order_equals_the_java_program(self):
        # mnist.data.Batches.order(10, 3)
        self.assertEqual([6, 5, 1, 3, 8, 7, 9, 0, 2, 4], list(order(10, 3)))


if __name__ == "__main__":
    unittest.main()
