package mnist.data;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static mnist.data.PublishedSet.TEST_IMAGES;
import static mnist.data.PublishedSet.TEST_LABELS;
import static mnist.data.PublishedSet.TRAIN_IMAGES;
import static mnist.data.PublishedSet.TRAIN_LABELS;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** The drawn digits, kept in a folder from one run to the next. */
final class SyntheticCache {
  private static final int TRAINING = 60_000;
  private static final int TEST = 10_000;

  private final Path data;
  private final int training;
  private final int test;

  /** In {@code data/synthetic-<version>-seed<seed>}, as many images as MNIST has. */
  SyntheticCache(Path data) {
    this(data, TRAINING, TEST);
  }

  SyntheticCache(Path data, int training, int test) {
    this.data = data;
    this.training = training;
    this.test = test;
  }

  /** The digits of a seed, drawn unless the folder has them. */
  DataSet open(long seed) throws IOException {
    Path folder = data.resolve("synthetic-" + SyntheticDigits.VERSION + "-seed" + seed);
    if (PublishedSet.missing(folder).isEmpty()) {
      try {
        DataSet kept = DataSets.read(folder, "synthetic", DataSet.DIGITS);
        if (kept.training().count() == training && kept.test().count() == test) {
          return kept;
        }
      } catch (DataException e) {
        // Damaged, but only a copy: draw anew.
      }
    }
    LabelledImages trainingSet = SyntheticDigits.draw(seed, 0, training);
    LabelledImages testSet = SyntheticDigits.draw(seed, training, test);
    Map<String, String> sha256 = new LinkedHashMap<>();
    sha256.put(TRAIN_IMAGES, keep(folder, TRAIN_IMAGES, images(trainingSet)));
    sha256.put(TRAIN_LABELS, keep(folder, TRAIN_LABELS, labels(trainingSet)));
    sha256.put(TEST_IMAGES, keep(folder, TEST_IMAGES, images(testSet)));
    sha256.put(TEST_LABELS, keep(folder, TEST_LABELS, labels(testSet)));
    return new DataSet(
        "synthetic", folder.toString(), trainingSet, testSet, DataSet.DIGITS, sha256);
  }

  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private static Content images(LabelledImages set) {
    return out -> IdxFile.writeImages(out, set.pixels());
  }

  private static Content labels(LabelledImages set) {
    return out -> IdxFile.writeLabels(out, set.labels());
  }

  /**
   * Writes a file if the folder lets it, under its real name once it is whole; returns its hash.
   */
  private static String keep(Path folder, String file, Content content) throws IOException {
    try {
      Path part = PartFile.create(folder, file);
      try {
        try (OutputStream out = Files.newOutputStream(part)) {
          content.writeTo(new BufferedOutputStream(out));
        }
        Files.move(part, folder.resolve(file), ATOMIC_MOVE, REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      // No room or no permission: the digits are drawn again next time.
    }
    MessageDigest sha256 = IdxFile.newSha256();
    content.writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), sha256));
    return HexFormat.of().formatHex(sha256.digest());
  }
}
