package mnist.data.sources;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.platform.ProjectFolder;

/** Finds, downloads or draws a data set. */
public final class DataSets {
  private final PublishedSet mnist;
  private final PublishedSet fashion;
  private final Path ownData;
  private final Map<String, String> environment;
  private final Download download;
  private final SyntheticCache synthetic;
  private final DataListener listener;

  /**
   * The data sets as the main classes take them: what is downloaded or drawn is kept in the
   * project's folder {@code data}, and the process's environment variables count.
   *
   * @param listener hears of downloads, and of drawn digits in MNIST's place
   */
  public static DataSets ofThisProject(DataListener listener) {
    return new DataSets(ProjectFolder.path().resolve("data"), System.getenv(), listener);
  }

  /**
   * @param ownData folder that keeps what is downloaded or drawn
   * @param environment the environment variables, of which {@code MNIST_DATA} and {@code
   *     FASHION_MNIST_DATA} count
   * @param listener hears of downloads, and of drawn digits in MNIST's place
   */
  public DataSets(Path ownData, Map<String, String> environment, DataListener listener) {
    this(
        PublishedSet.MNIST,
        PublishedSet.FASHION_MNIST,
        ownData,
        environment,
        new Download(listener),
        new SyntheticCache(ownData),
        listener);
  }

  DataSets(
      PublishedSet mnist,
      PublishedSet fashion,
      Path ownData,
      Map<String, String> environment,
      Download download,
      SyntheticCache synthetic,
      DataListener listener) {
    this.mnist = mnist;
    this.fashion = fashion;
    this.ownData = ownData;
    this.environment = environment;
    this.download = download;
    this.synthetic = synthetic;
    this.listener = listener;
  }

  /**
   * Opens a data set.
   *
   * @param folder where the four files are; where empty, the set's environment variable says, else
   *     they are in the project's data folder, into which what is missing is downloaded
   * @throws DataException if it cannot be had or is not as it should be
   */
  public DataSet open(DataSource source, Optional<Path> folder) throws IOException {
    return switch (source) {
      case MNIST -> published(mnist, folder);
      case FASHION_MNIST -> published(fashion, folder);
      case SYNTHETIC -> synthetic.open();
      case AUTO -> folder.isPresent() ? anyIn(folder.get()) : mnistOrDrawn();
    };
  }

  private DataSet published(PublishedSet set, Optional<Path> folder) throws IOException {
    Optional<Path> named = named(set, folder);
    return publishedIn(named.isPresent() ? named.get() : ownFolder(set), set);
  }

  private DataSet mnistOrDrawn() throws IOException {
    if (named(mnist, Optional.empty()).isEmpty()) {
      try {
        ownFolder(mnist);
      } catch (DataException e) {
        listener.notice(
            """
            ************************************************************************
            * This is NOT MNIST: it could not be downloaded. The images are digits *
            * that the program draws itself, so the accuracies are not comparable. *
            ************************************************************************
            """
                + e.getMessage());
        return synthetic.open();
      }
    }
    return published(mnist, Optional.empty());
  }

  /** Right-shaped files of any content; called MNIST only if they are. */
  private DataSet anyIn(Path folder) throws IOException {
    refuseIncomplete(folder, mnist);
    DataSet found = IdxFolder.read(folder, "custom", mnist.classNames());
    return List.copyOf(found.sha256().values()).equals(mnist.sha256())
        ? found.named(mnist.name())
        : found;
  }

  // ---- Where the files are

  /** The folder that the user names, if any: all four files must be there. */
  private Optional<Path> named(PublishedSet set, Optional<Path> folder) throws IOException {
    Optional<Path> named =
        folder.or(
            () ->
                Optional.ofNullable(environment.get(set.folderVariable()))
                    .filter(value -> !value.isBlank())
                    .map(Path::of));
    if (named.isPresent()) {
      refuseIncomplete(named.get(), set);
    }
    return named;
  }

  private static void refuseIncomplete(Path folder, PublishedSet set) throws DataException {
    List<String> missing = IdxFolder.missing(folder);
    if (!missing.isEmpty()) {
      throw new DataException(
          (Files.isDirectory(folder)
                      ? "%s lacks %s, expected there with or without .gz"
                      : "%s is no folder, expected one with four IDX files")
                  .formatted(folder, String.join(", ", missing))
              + "; the folder is named by --data or %s; leave both out to have %s downloaded"
                  .formatted(set.folderVariable(), set.title()));
    }
  }

  /** Where the files are if the user names no folder; what no folder has is downloaded. */
  private Path ownFolder(PublishedSet set) throws IOException {
    // MNIST lies in the data folder itself, any other set in a folder of its own.
    Path folder = set == mnist ? ownData : ownData.resolve(set.name());
    List<String> missing = IdxFolder.missing(folder);
    Optional<Path> system = set.systemFolder();
    if (!missing.isEmpty() && system.isPresent() && IdxFolder.missing(system.get()).isEmpty()) {
      return system.get();
    }
    for (String file : missing) {
      download.fetch(set, file, folder);
    }
    return folder;
  }

  // ---- What is in them

  private DataSet publishedIn(Path folder, PublishedSet set) throws IOException {
    boolean isOwn = folder.startsWith(ownData);
    DataSet found;
    try {
      found = IdxFolder.read(folder, set.name(), set.classNames());
    } catch (DataException e) {
      throw isOwn
          ? new DataException(e.getMessage() + " (delete it and it is downloaded again)", e)
          : e;
    }
    for (String file : IdxFolder.FILES) {
      String sha256 = found.sha256().get(file);
      String expected = set.sha256(file);
      if (!sha256.equals(expected)) {
        throw new DataException(
            "%s is not %s's: SHA-256 of the unpacked file is %s, expected %s; %s"
                .formatted(
                    IdxFolder.find(folder, file).orElseThrow(),
                    set.title(),
                    sha256,
                    expected,
                    isOwn
                        ? "delete it and it is downloaded again"
                        : "to use files of your own, name their folder with --data"
                            + " and leave out --dataset"));
      }
    }
    return found;
  }
}
