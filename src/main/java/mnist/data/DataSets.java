package mnist.data;

import static mnist.data.PublishedSet.TEST_IMAGES;
import static mnist.data.PublishedSet.TEST_LABELS;
import static mnist.data.PublishedSet.TRAIN_IMAGES;
import static mnist.data.PublishedSet.TRAIN_LABELS;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Finds, downloads or draws a data set. */
public final class DataSets {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final PublishedSet mnist;
  private final PublishedSet fashion;
  private final Path projectData;
  private final Map<String, String> environment;
  private final Download download;
  private final SyntheticCache synthetic;
  private final DataListener listener;

  /**
   * @param projectData folder that keeps what is downloaded or drawn, see {@link #projectData()}
   * @param environment the environment variables, of which {@code MNIST_DATA} and {@code
   *     FASHION_MNIST_DATA} count
   * @param listener hears of downloads, and of drawn digits in MNIST's place
   */
  public DataSets(Path projectData, Map<String, String> environment, DataListener listener) {
    this(
        PublishedSet.MNIST,
        PublishedSet.FASHION_MNIST,
        projectData,
        environment,
        new Download(TIMEOUT, listener),
        new SyntheticCache(projectData),
        listener);
  }

  DataSets(
      PublishedSet mnist,
      PublishedSet fashion,
      Path projectData,
      Map<String, String> environment,
      Download download,
      SyntheticCache synthetic,
      DataListener listener) {
    this.mnist = mnist;
    this.fashion = fashion;
    this.projectData = projectData;
    this.environment = environment;
    this.download = download;
    this.synthetic = synthetic;
    this.listener = listener;
  }

  /**
   * The project's data folder: {@code data} beside the pom.xml above the running classes or jar, so
   * that it is found from any working folder; else {@code data} in the working folder.
   */
  public static Path projectData() {
    return codeSource()
        .flatMap(DataSets::dataAbove)
        .orElseGet(() -> Path.of("data").toAbsolutePath());
  }

  /** The folder or jar that the classes come from, if it is a file that can be named. */
  private static Optional<Path> codeSource() {
    CodeSource code = DataSets.class.getProtectionDomain().getCodeSource();
    if (code == null || code.getLocation() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(code.getLocation().toURI()));
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
      return Optional.empty();
    }
  }

  /** {@code data} beside the nearest pom.xml at or above a path. */
  static Optional<Path> dataAbove(Path path) {
    for (Path folder = path; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("pom.xml"))) {
        return Optional.of(folder.resolve("data"));
      }
    }
    return Optional.empty();
  }

  public static DataSets ofThisProject(DataListener listener) {
    return new DataSets(projectData(), System.getenv(), listener);
  }

  public DataSet open(DataSource source, Optional<Path> folder) throws IOException {
    return open(source, folder, 0);
  }

  /**
   * Opens a data set.
   *
   * @param folder where the four files are; where empty, the set's environment variable says, else
   *     they are in the project's data folder, into which what is missing is downloaded
   * @param seed of the drawn digits
   * @throws DataException if it cannot be had or is not as it should be
   */
  public DataSet open(DataSource source, Optional<Path> folder, long seed) throws IOException {
    return switch (source) {
      case MNIST -> published(mnist, folder);
      case FASHION_MNIST -> published(fashion, folder);
      case SYNTHETIC -> synthetic.open(seed);
      case AUTO -> folder.isPresent() ? anyIn(folder.get(), mnist) : mnistOrDrawn(seed);
    };
  }

  private DataSet mnistOrDrawn(long seed) throws IOException {
    Optional<Path> given = givenFolder(mnist, Optional.empty());
    if (given.isPresent()) {
      return publishedIn(given.get(), mnist);
    }
    Path folder;
    try {
      folder = ownFolder(mnist);
    } catch (DataException e) {
      listener.notice(
          """
          ************************************************************************
          * This is NOT MNIST: it could not be downloaded. The images are digits *
          * that the program draws itself, so the accuracies are not comparable. *
          ************************************************************************
          """
              + e.getMessage());
      return synthetic.open(seed);
    }
    return publishedIn(folder, mnist);
  }

  private DataSet published(PublishedSet set, Optional<Path> chosen) throws IOException {
    Optional<Path> given = givenFolder(set, chosen);
    return publishedIn(given.isPresent() ? given.get() : ownFolder(set), set);
  }

  // ---- Where the files are

  /** A folder that the user names must have all four files; nothing is downloaded into it. */
  private Optional<Path> givenFolder(PublishedSet set, Optional<Path> chosen) throws IOException {
    Optional<Path> given =
        chosen.or(
            () ->
                Optional.ofNullable(environment.get(set.folderVariable()))
                    .filter(folder -> !folder.isBlank())
                    .map(Path::of));
    if (given.isPresent()) {
      refuseIncomplete(given.get(), set);
    }
    return given;
  }

  private static void refuseIncomplete(Path folder, PublishedSet set) throws DataException {
    if (!Files.isDirectory(folder)) {
      throw new DataException(
          "%s is no folder, expected one with four IDX files; %s"
              .formatted(folder, whereItIsNamed(set)));
    }
    List<String> missing = PublishedSet.missing(folder);
    if (!missing.isEmpty()) {
      throw new DataException(
          "%s lacks %s, expected there with or without .gz; %s"
              .formatted(folder, String.join(", ", missing), whereItIsNamed(set)));
    }
  }

  private static String whereItIsNamed(PublishedSet set) {
    return "the folder is named by --data or %s; leave both out to have %s downloaded"
        .formatted(set.folderVariable(), set.title());
  }

  /** Where the files are if the user names no folder; what no folder has is downloaded. */
  private Path ownFolder(PublishedSet set) throws IOException {
    // MNIST lies in the data folder itself, any other set in a folder of its own.
    Path folder = set == mnist ? projectData : projectData.resolve(set.name());
    List<String> missing = PublishedSet.missing(folder);
    Optional<Path> system = set.systemFolder();
    if (!missing.isEmpty() && system.isPresent() && PublishedSet.missing(system.get()).isEmpty()) {
      return system.get();
    }
    for (String file : missing) {
      download.fetch(set, file, folder);
    }
    return folder;
  }

  // ---- What is in them

  private DataSet publishedIn(Path folder, PublishedSet set) throws IOException {
    boolean inProject = folder.startsWith(projectData);
    DataSet found;
    try {
      found = read(folder, set.name(), set.classNames());
    } catch (DataException e) {
      throw inProject
          ? new DataException(e.getMessage() + " (delete it and it is downloaded again)", e)
          : e;
    }
    for (String file : PublishedSet.FILES) {
      String sha256 = found.sha256().get(file);
      String expected = set.sha256().get(file);
      if (!sha256.equals(expected)) {
        throw new DataException(
            "%s is not %s's: SHA-256 of the unpacked file is %s, expected %s; "
                    .formatted(
                        PublishedSet.find(folder, file).orElseThrow(),
                        set.title(),
                        sha256,
                        expected)
                + (inProject
                    ? "delete it and it is downloaded again"
                    : "to use files of your own, name their folder with --data and leave out --dataset"));
      }
    }
    return found;
  }

  /** Right-shaped files of any content; under the published name only if they are the published. */
  private DataSet anyIn(Path folder, PublishedSet set) throws IOException {
    refuseIncomplete(folder, set);
    DataSet found = read(folder, "custom", set.classNames());
    return found.sha256().equals(set.sha256()) ? found.named(set.name()) : found;
  }

  /**
   * Reads the four files of a folder, those of the training set beside those of the test set.
   *
   * @throws DataException if one is not what its name says, or counts differ
   */
  static DataSet read(Path folder, String name, List<String> classNames) throws IOException {
    Map<String, String> sha256 = new LinkedHashMap<>();
    CompletableFuture<Half> reading =
        inBackground(() -> Half.read(folder, TRAIN_IMAGES, TRAIN_LABELS));
    Half test = Half.read(folder, TEST_IMAGES, TEST_LABELS);
    Half training = joined(reading);
    sha256.put(TRAIN_IMAGES, training.images.sha256());
    sha256.put(TRAIN_LABELS, training.labels.sha256());
    sha256.put(TEST_IMAGES, test.images.sha256());
    sha256.put(TEST_LABELS, test.labels.sha256());
    return new DataSet(
        name, folder.toString(), training.labelled(), test.labelled(), classNames, sha256);
  }

  private record Half(IdxFile images, IdxFile labels) {
    static Half read(Path folder, String imagesName, String labelsName) throws IOException {
      Path imagesFile = PublishedSet.find(folder, imagesName).orElseThrow();
      Path labelsFile = PublishedSet.find(folder, labelsName).orElseThrow();
      IdxFile images = IdxFile.readImages(imagesFile);
      IdxFile labels = IdxFile.readLabels(labelsFile);
      int count = images.content().length / LabelledImages.PIXELS;
      if (count != labels.content().length) {
        throw new DataException(
            "%s holds %d images, but %s %d labels; expected as many of each"
                .formatted(imagesFile, count, labelsFile, labels.content().length));
      }
      if (count == 0) {
        throw new DataException("%s holds no images, expected at least one".formatted(imagesFile));
      }
      return new Half(images, labels);
    }

    LabelledImages labelled() {
      return new LabelledImages(images.content(), labels.content());
    }
  }

  private static <T> CompletableFuture<T> inBackground(Callable<T> task) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return task.call();
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        });
  }

  private static <T> T joined(CompletableFuture<T> task) throws IOException {
    try {
      return task.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e;
    }
  }
}
