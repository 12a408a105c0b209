"""MNIST's files, and the order of the training images: the same as in the Java program."""

import gzip
import hashlib
import sys

import numpy as np

FILES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


class JavaRandom:
    """java.util.Random: a 48-bit linear congruential generator, as defined in its Javadoc."""

    def __init__(self, seed):
        self.state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)

    def next(self, bits):
        """The next number with this many bits, at most 31."""
        self.state = (self.state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        return self.state >> (48 - bits)

    def next_int(self, bound):
        """A number from 0 to bound - 1, bound below 2^31."""
        r = self.next(31)
        if bound & (bound - 1) == 0:
            return (bound * r) >> 31
        while r - r % bound + (bound - 1) >= 1 << 31:  # the last, incomplete range would be biased
            r = self.next(31)
        return r % bound


def order(count, seed):
    """The numbers 0 to count - 1 in random order, by a Fisher-Yates shuffle."""
    numbers = list(range(count))
    random = JavaRandom(seed)
    for i in range(count - 1, 0, -1):
        j = random.next_int(i + 1)
        numbers[i], numbers[j] = numbers[j], numbers[i]
    return np.array(numbers)


def find(folder, name):
    """The path of a file, gzipped or not, whose name has a dash or a dot before "idx"."""
    dotted = name.replace("-idx", ".idx")
    for spelling in (name + ".gz", name, dotted + ".gz", dotted):
        if (folder / spelling).is_file():  # some archives contain folders with these names
            return folder / spelling
    sys.exit(f"error: {folder} lacks {name}, expected there with or without .gz")


def read_idx(folder, name):
    """The bytes behind an IDX file's header, and the SHA-256 of the whole file, unpacked."""
    data = find(folder, name).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    header = 16 if "images" in name else 8
    return np.frombuffer(data, np.uint8, offset=header), hashlib.sha256(data).hexdigest()


def normalize(pixels):
    """Pixel values 0..255 as the networks' input: value / 256."""
    return pixels.astype(np.float32) / np.float32(256)


class Images:
    """Images as bytes [count, 28, 28, 1] and labels [count]."""

    def __init__(self, pixels, labels):
        self.pixels = pixels.reshape(-1, 28, 28, 1)
        self.labels = labels

    def batch(self, indices):
        """Float images, value / 256, and one-hot labels."""
        return normalize(self.pixels[indices]), np.eye(10, dtype=np.float32)[self.labels[indices]]
