package mnist.data.sources;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.platform.ProjectFolder;

/** Opens a data set: finds, downloads or generates it. */
public final class DataSets {
  private final PublishedSet mnist;
  private final PublishedSet fashion;
  private final Path dataFolder;
  private final Map<String, String> environment;
  private final Download download;
  private final SyntheticCache synthetic;
  private final DataListener listener;
  private final boolean mayCreate;

  /**
   * Data sets that are kept in the project's folder {@code data}.
   *
   * @param listener notified of downloads, and if synthetic digits replace MNIST
   */
  public static DataSets ofThisProject(DataListener listener) {
    return new DataSets(projectFolder(), System.getenv(), listener);
  }

  /** The same data sets, but none is downloaded or drawn: one that is not there is an error. */
  public static DataSets existing() {
    return existing(projectFolder(), System.getenv());
  }

  static DataSets existing(Path dataFolder, Map<String, String> environment) {
    return new DataSets(
        PublishedSet.MNIST,
        PublishedSet.FASHION_MNIST,
        dataFolder,
        environment,
        new SyntheticCache(dataFolder),
        new DataListener() {},
        false);
  }

  private static Path projectFolder() {
    return ProjectFolder.path().resolve("data");
  }

  /**
   * @param dataFolder for downloaded and generated data sets
   * @param environment may name folders in {@code MNIST_DATA} and {@code FASHION_MNIST_DATA}
   * @param listener notified of downloads, and if synthetic digits replace MNIST
   */
  public DataSets(Path dataFolder, Map<String, String> environment, DataListener listener) {
    this(
        PublishedSet.MNIST,
        PublishedSet.FASHION_MNIST,
        dataFolder,
        environment,
        new SyntheticCache(dataFolder),
        listener,
        true);
  }

  DataSets(
      PublishedSet mnist,
      PublishedSet fashion,
      Path dataFolder,
      Map<String, String> environment,
      SyntheticCache synthetic,
      DataListener listener,
      boolean mayCreate) {
    this.mnist = mnist;
    this.fashion = fashion;
    this.dataFolder = dataFolder;
    this.environment = environment;
    download = new Download(listener);
    this.synthetic = synthetic;
    this.listener = listener;
    this.mayCreate = mayCreate;
  }

  /**
   * Opens a data set.
   *
   * @param folder with the four files; if empty, the one in the data set's environment variable;
   *     without that the data folder, into which missing files are downloaded
   * @throws DataException if it is not available or not as expected
   */
  public DataSet open(DataSource source, Optional<Path> folder) throws IOException {
    return switch (source) {
      case MNIST -> published(mnist, folder);
      case FASHION_MNIST -> published(fashion, folder);
      case SYNTHETIC -> synthetic();
      case AUTO -> folder.isPresent() ? custom(folder.get()) : mnistOrSynthetic();
    };
  }

  private DataSet published(PublishedSet set, Optional<Path> folder) throws IOException {
    Optional<Path> userFolder = userFolder(set, folder);
    Path in = userFolder.isPresent() ? userFolder.get() : downloaded(set);
    boolean canDownload = in.startsWith(dataFolder);
    DataSet data;
    try {
      data = IdxFolder.read(in, set.name(), set.classNames());
    } catch (DataException e) {
      throw canDownload
          ? new DataException(e.getMessage() + " (delete it to download it again)", e)
          : e;
    }
    for (String file : IdxFolder.FILES) {
      String sha256 = data.sha256().get(file);
      String expected = set.sha256(file);
      if (!sha256.equals(expected)) {
        throw new DataException(
            "%s is not the file of %s: the SHA-256 of its uncompressed content is %s, expected %s; %s"
                .formatted(
                    IdxFolder.find(in, file).orElseThrow(),
                    set.title(),
                    sha256,
                    expected,
                    canDownload
                        ? "delete it to download it again"
                        : "to use your own files, specify their folder with --data"
                            + " and leave out --dataset"));
      }
    }
    return data;
  }

  private DataSet mnistOrSynthetic() throws IOException {
    if (userFolder(mnist, Optional.empty()).isEmpty()) {
      try {
        downloaded(mnist);
      } catch (DataException e) {
        listener.notice(
            """
            ************************************************************************
            * This is NOT MNIST, which could not be downloaded. The images are     *
            * generated digits, so accuracies are not comparable with MNIST's.     *
            ************************************************************************
            """
                + e.getMessage());
        return synthetic();
      }
    }
    return published(mnist, Optional.empty());
  }

  private DataSet synthetic() throws IOException {
    return mayCreate
        ? synthetic.open()
        : synthetic
            .read()
            .orElseThrow(() -> notHere("the synthetic data set", dataFolder, "draws"));
  }

  private static DataException notHere(String set, Path folder, String verb) {
    return new DataException(
        "%s is not in %s; make run or make picture %s it".formatted(set, folder, verb));
  }

  /** Any four files in MNIST's format; named MNIST only if their content is. */
  private DataSet custom(Path folder) throws IOException {
    requireFiles(folder, mnist);
    DataSet found = IdxFolder.read(folder, "custom", mnist.classNames());
    if (List.copyOf(found.sha256().values()).equals(mnist.sha256())) {
      return found.withName(mnist.name());
    }
    if (looksTransposed(found.training())) {
      listener.notice(
          "The digits in %s seem to be transposed, as EMNIST's are: all ten are wider than tall. A network can learn them, but will not read upright ones."
              .formatted(folder));
    }
    return found;
  }

  /** Whether each of the ten digits is wider than tall on average; upright ones are all taller. */
  private static boolean looksTransposed(LabeledImages images) {
    double[] excess = new double[LabeledImages.CLASSES]; // horizontal minus vertical variance
    for (int i = 0; i < images.count(); i++) {
      double mass = 0;
      double x = 0;
      double y = 0;
      double squares = 0; // x² − y²
      for (int p = 0; p < LabeledImages.PIXELS; p++) {
        int value = images.pixels()[i * LabeledImages.PIXELS + p] & 0xff;
        int row = p / LabeledImages.SIDE;
        int column = p % LabeledImages.SIDE;
        mass += value;
        x += value * column;
        y += value * row;
        squares += value * (column * column - row * row);
      }
      if (mass > 0) {
        excess[images.labels()[i]] += (squares - (x * x - y * y) / mass) / mass;
      }
    }
    return Arrays.stream(excess).allMatch(wider -> wider > 0);
  }

  /** The folder that the user specifies, if any, which must contain all four files. */
  private Optional<Path> userFolder(PublishedSet set, Optional<Path> folder) throws IOException {
    Optional<Path> userFolder =
        folder.or(
            () ->
                Optional.ofNullable(environment.get(set.folderVariable()))
                    .filter(value -> !value.isBlank())
                    .map(Path::of));
    if (userFolder.isPresent()) {
      requireFiles(userFolder.get(), set);
    }
    return userFolder;
  }

  private static void requireFiles(Path folder, PublishedSet set) throws DataException {
    List<String> missing = IdxFolder.missing(folder);
    if (!missing.isEmpty()) {
      throw new DataException(
          (Files.isDirectory(folder)
                      ? "%s lacks %s (plain or .gz)"
                      : "%s is not a folder, expected one with four IDX files")
                  .formatted(folder, String.join(", ", missing))
              + "; the folder is set by --data or %s; leave out both to download %s"
                  .formatted(set.folderVariable(), set.title()));
    }
  }

  /** A folder with the files, after missing ones have been downloaded. */
  private Path downloaded(PublishedSet set) throws IOException {
    // MNIST is in the data folder itself, any other set in a folder of its own.
    Path folder = set == mnist ? dataFolder : dataFolder.resolve(set.name());
    List<String> missing = IdxFolder.missing(folder);
    Optional<Path> system = set.systemFolder();
    if (!missing.isEmpty() && system.isPresent() && IdxFolder.missing(system.get()).isEmpty()) {
      return system.get();
    }
    if (!missing.isEmpty() && !mayCreate) {
      throw notHere(set.title(), folder, "downloads");
    }
    for (String file : missing) {
      download.fetch(set, file, folder);
    }
    return folder;
  }
}
