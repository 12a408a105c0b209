package mnist.data.sources;

import static mnist.data.sources.IdxFolder.TEST_IMAGES;
import static mnist.data.sources.IdxFolder.TEST_LABELS;
import static mnist.data.sources.IdxFolder.TRAIN_IMAGES;
import static mnist.data.sources.IdxFolder.TRAIN_LABELS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.platform.AtomicFile;
import mnist.platform.Sha256;

/** The synthetic digits, always the same ones, stored in a folder between runs. */
final class SyntheticCache {
  private static final String NAME = "synthetic";

  private final Path folder;
  private final int training;
  private final int test;

  /** Stored in {@code synthetic-<version>} in a folder, as many images as MNIST has. */
  SyntheticCache(Path data) {
    this(data, 60_000, 10_000);
  }

  SyntheticCache(Path data, int training, int test) {
    folder = data.resolve(NAME + "-" + SyntheticDigits.VERSION);
    this.training = training;
    this.test = test;
  }

  /** The digits, drawn only if the folder does not have them. */
  DataSet open() throws IOException {
    Optional<DataSet> cached = read();
    return cached.isPresent() ? cached.get() : draw();
  }

  /** The digits in the folder; empty if it does not have them, or others. */
  Optional<DataSet> read() {
    if (IdxFolder.missing(folder).isEmpty()) {
      try {
        DataSet cached = IdxFolder.read(folder, NAME, DataSet.DIGITS);
        if (cached.training().count() == training && cached.test().count() == test) {
          return Optional.of(cached);
        }
      } catch (IOException e) {
        // A corrupt cache is drawn again.
      }
    }
    return Optional.empty();
  }

  private DataSet draw() throws IOException {
    LabeledImages trainingSet = SyntheticDigits.draw(0, training);
    LabeledImages testSet = SyntheticDigits.draw(training, test);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(TRAIN_IMAGES, IdxFile.ofImages(trainingSet.pixels()));
    files.put(TRAIN_LABELS, IdxFile.ofLabels(trainingSet.labels()));
    files.put(TEST_IMAGES, IdxFile.ofImages(testSet.pixels()));
    files.put(TEST_LABELS, IdxFile.ofLabels(testSet.labels()));
    try (AtomicFile draft = AtomicFile.of(folder)) {
      Files.createDirectory(draft.path());
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Files.write(draft.path().resolve(file.getKey()), file.getValue());
      }
      draft.replace();
    } catch (IOException e) {
      // No space or no permission: the digits are drawn again next time.
    }
    Map<String, String> sha256 = new LinkedHashMap<>();
    files.forEach((name, content) -> sha256.put(name, Sha256.of(content)));
    return new DataSet(NAME, folder.toString(), trainingSet, testSet, DataSet.DIGITS, sha256);
  }
}
