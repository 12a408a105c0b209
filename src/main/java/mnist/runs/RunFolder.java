package mnist.runs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.sources.DataListener;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.model.Model;

/**
 * The folder that a run has left, or is writing.
 *
 * @param path where it is
 */
public record RunFolder(Path path) {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /**
   * A run's folder.
   *
   * @throws IOException if there is no such folder
   */
  public static RunFolder at(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      throw new IOException(
          path + " is no folder, expected that of a run, such as runs/<stage>-<date>-<time>");
    }
    return new RunFolder(path);
  }

  /**
   * The run of a folder with runs that started last.
   *
   * @throws IOException if there is none
   */
  public static RunFolder newest(Path runs) throws IOException {
    return newest(runs, run -> true)
        .orElseThrow(
            () ->
                new IOException(
                    runs + " holds no run; make run makes one, or name a run's folder"));
  }

  private static Optional<RunFolder> newest(Path runs, Predicate<RunFolder> wanted)
      throws IOException {
    Optional<RunFolder> newest = Optional.empty();
    Instant latest = Instant.MIN;
    if (Files.isDirectory(runs)) {
      try (Stream<Path> folders = Files.list(runs)) {
        for (Path folder : folders.sorted().toList()) {
          RunFolder run = new RunFolder(folder);
          Optional<Instant> started = run.started();
          if (started.isPresent() && started.get().isAfter(latest) && wanted.test(run)) {
            newest = Optional.of(run);
            latest = started.get();
          }
        }
      }
    }
    return newest;
  }

  /**
   * The run of a folder with runs that started last and has not come to its end.
   *
   * @throws IOException if there is none that can go on
   */
  public static RunFolder newestUnfinished(Path runs) throws IOException {
    Optional<RunFolder> newest = newest(runs, RunFolder::canGoOn);
    return newest.orElseThrow(
        () -> new IOException(runs + " holds no unfinished run with a checkpoint to go on from"));
  }

  /**
   * The model of the run of a folder with runs that started last and has left one.
   *
   * @throws IOException if there is none
   */
  public static Path newestModel(Path runs) throws IOException {
    return newest(runs, run -> Model.isIn(run.model()))
        .map(RunFolder::model)
        .orElseThrow(
            () ->
                new IOException(
                    runs
                        + " holds no run with a model; make run makes one, or name a model with"
                        + " --model (make: MODEL=)"));
  }

  /** Where it leaves its model. */
  private Path model() {
    return path.resolve("model");
  }

  private boolean canGoOn() {
    try {
      return !RunInfo.COMPLETED.equals(file().status()) && Checkpoint.isIn(path);
    } catch (IOException e) {
      return false;
    }
  }

  /** The stage's number. */
  public String stage() throws IOException {
    return file().stage();
  }

  private Optional<Instant> started() {
    try {
      return Optional.ofNullable(file().started()).map(Instant::parse);
    } catch (IOException | DateTimeParseException e) {
      return Optional.empty(); // no run, or none that says when
    }
  }

  /** What its run.json says. */
  public RunInfo file() throws IOException {
    Path file = path.resolve("run.json");
    try {
      return JSON.readValue(Files.readAllBytes(file), RunInfo.class);
    } catch (NoSuchFileException e) {
      throw new IOException(path + " has no run.json, which says what was run", e);
    } catch (JacksonException e) {
      throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Opens the data set that the run was made on: in the folder that it was read from or, if that no
   * longer has it, where a run of today would find, download or draw the set of that name.
   *
   * @param listener hears of a download
   * @throws IOException if neither place has the very files of the run
   */
  public DataSet openData(DataListener listener) throws IOException {
    RunInfo.Data data = file().data();
    if (data == null || data.source() == null || data.sha256() == null) {
      throw new DataException(path.resolve("run.json") + " does not say on which data set");
    }
    DataSets sets = DataSets.ofThisProject(listener);
    IOException why;
    try {
      return same(sets.open(DataSource.AUTO, Optional.of(Path.of(data.source()))), data);
    } catch (IOException e) {
      why = e;
    }
    Optional<DataSource> named =
        Arrays.stream(DataSource.values())
            .filter(source -> source.toString().equals(data.name()))
            .findFirst();
    if (named.isEmpty()) {
      throw why; // a user's own files
    }
    return same(sets.open(named.get(), Optional.empty()), data);
  }

  private static DataSet same(DataSet found, RunInfo.Data expected) throws DataException {
    if (!found.sha256().equals(expected.sha256())) {
      throw new DataException(
          "%s no longer holds the files of the run: their SHA-256 differ from those in run.json"
              .formatted(found.source()));
    }
    return found;
  }
}
