package mnist.data.sources;

import static java.util.Comparator.comparing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.LabeledImages;

/** The four IDX files of a data set, in a folder. */
public final class IdxFolder {
  static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
  static final String TEST_LABELS = "t10k-labels-idx1-ubyte";

  /** The four files, in the order of messages and hashes. */
  static final List<String> FILES = List.of(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS);

  private IdxFolder() {}

  /**
   * Finds a file, gzipped or plain, its name with a dash as on MNIST's site or a dot as elsewhere.
   * A directory of that name, as some archives have it, is the last choice.
   */
  static Optional<Path> find(Path folder, String file) {
    String dotted = file.replace("-idx", ".idx");
    return List.of(file + ".gz", file, dotted + ".gz", dotted).stream()
        .map(folder::resolve)
        .filter(Files::exists)
        .min(comparing(path -> Files.isDirectory(path)));
  }

  /** Which of the four files are not in a folder. */
  static List<String> missing(Path folder) {
    return FILES.stream().filter(file -> find(folder, file).isEmpty()).toList();
  }

  /**
   * Reads the four files, which must exist.
   *
   * @throws DataException if one is not an IDX file of its kind, or counts differ
   */
  static DataSet read(Path folder, String name, List<String> classNames) throws IOException {
    Map<String, String> sha256 = new LinkedHashMap<>();
    LabeledImages training = read(folder, TRAIN_IMAGES, TRAIN_LABELS, sha256);
    LabeledImages test = read(folder, TEST_IMAGES, TEST_LABELS, sha256);
    return new DataSet(name, folder.toString(), training, test, classNames, sha256);
  }

  /** Writes a data set's four files, plain, into a folder. */
  public static void write(Path folder, LabeledImages training, LabeledImages test)
      throws IOException {
    Files.write(folder.resolve(TRAIN_IMAGES), IdxFile.ofImages(training.pixels()));
    Files.write(folder.resolve(TRAIN_LABELS), IdxFile.ofLabels(training.labels()));
    Files.write(folder.resolve(TEST_IMAGES), IdxFile.ofImages(test.pixels()));
    Files.write(folder.resolve(TEST_LABELS), IdxFile.ofLabels(test.labels()));
  }

  private static LabeledImages read(
      Path folder, String imagesName, String labelsName, Map<String, String> sha256)
      throws IOException {
    Path imagesFile = find(folder, imagesName).orElseThrow();
    Path labelsFile = find(folder, labelsName).orElseThrow();
    IdxFile images = IdxFile.readImages(imagesFile);
    IdxFile labels = IdxFile.readLabels(labelsFile);
    int count = images.content().length / LabeledImages.PIXELS;
    if (count != labels.content().length) {
      throw new DataException(
          "%s contains %d images but %s contains %d labels, expected equal numbers"
              .formatted(imagesFile, count, labelsFile, labels.content().length));
    }
    if (count == 0) {
      throw new DataException("%s contains no images, expected at least one".formatted(imagesFile));
    }
    sha256.put(imagesName, images.sha256());
    sha256.put(labelsName, labels.sha256());
    return new LabeledImages(images.content(), labels.content());
  }
}
