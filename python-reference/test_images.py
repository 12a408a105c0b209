"""Tests of the order of the images: python -m unittest, in this folder."""

import unittest

from images import JavaRandom, order


class OrderTest(unittest.TestCase):
    def test_numbers_are_those_of_java_util_random(self):
        # new java.util.Random(42): nextInt(10) five times; nextInt(16), a power of two, three times
        random = JavaRandom(42)
        self.assertEqual([0, 3, 8, 4, 0], [random.next_int(10) for _ in range(5)])
        random = JavaRandom(42)
        self.assertEqual([11, 0, 10], [random.next_int(16) for _ in range(3)])

    def test_large_bounds_skip_the_incomplete_stretch(self):
        # new java.util.Random(7): nextInt(1_500_000_000) four times
        random = JavaRandom(7)
        self.assertEqual([1371249164, 20678044, 747989380, 1053566254], [random.next_int(1_500_000_000) for _ in range(4)])

    def test_order_is_that_of_the_java_program(self):
        # mnist.data.Batches.order(10, 3)
        self.assertEqual([6, 5, 1, 3, 8, 7, 9, 0, 2, 4], list(order(10, 3)))


if __name__ == "__main__":
    unittest.main()
