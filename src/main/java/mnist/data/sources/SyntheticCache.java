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
import mnist.data.DataSet;
import mnist.data.LabelledImages;
import mnist.platform.AtomicFile;
import mnist.platform.Sha256;

/** The drawn digits, always the same ones, kept in a folder from one run to the next. */
final class SyntheticCache {
  private static final String NAME = "synthetic";

  private final Path folder;
  private final int training;
  private final int test;

  /** In {@code data/synthetic-<version>}, as many images as MNIST has. */
  SyntheticCache(Path data) {
    this(data, 60_000, 10_000);
  }

  SyntheticCache(Path data, int training, int test) {
    folder = data.resolve(NAME + "-" + SyntheticDigits.VERSION);
    this.training = training;
    this.test = test;
  }

  /** The digits, drawn unless the folder has them. */
  DataSet open() throws IOException {
    if (IdxFolder.missing(folder).isEmpty()) {
      try {
        DataSet kept = IdxFolder.read(folder, NAME, DataSet.DIGITS);
        if (kept.training().count() == training && kept.test().count() == test) {
          return kept;
        }
      } catch (IOException e) {
        // Damaged, but only a copy: draw anew.
      }
    }
    LabelledImages trainingSet = draw(0, training);
    LabelledImages testSet = draw(training, test);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(TRAIN_IMAGES, IdxFile.ofImages(trainingSet.pixels()));
    files.put(TRAIN_LABELS, IdxFile.ofLabels(trainingSet.labels()));
    files.put(TEST_IMAGES, IdxFile.ofImages(testSet.pixels()));
    files.put(TEST_LABELS, IdxFile.ofLabels(testSet.labels()));
    keep(files);
    Map<String, String> sha256 = new LinkedHashMap<>();
    files.forEach((name, content) -> sha256.put(name, Sha256.of(content)));
    return new DataSet(NAME, folder.toString(), trainingSet, testSet, DataSet.DIGITS, sha256);
  }

  private static LabelledImages draw(int first, int count) {
    DrawnDigits drawn = SyntheticDigits.draw(first, count);
    return new LabelledImages(drawn.pixels(), drawn.labels());
  }

  private void keep(Map<String, byte[]> files) {
    try (AtomicFile draft = AtomicFile.of(folder)) {
      Files.createDirectory(draft.path());
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Files.write(draft.path().resolve(file.getKey()), file.getValue());
      }
      draft.replace();
    } catch (IOException e) {
      // No room or no permission: the digits are drawn again next time.
    }
  }
}
