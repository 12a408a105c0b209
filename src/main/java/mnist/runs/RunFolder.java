package mnist.runs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.data.sources.DataListener;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.model.Model;
import mnist.platform.Json;

/**
 * The folder of one run, finished or in progress, and the names of the files in it. Checkpoints are
 * named by {@link Checkpoints}.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {
  /** What was run, on what, and the results: a {@link RunInfo} as JSON. */
  public static final String INFO = "run.json";

  /** One measurement per line, as JSON. */
  public static final String METRICS = "metrics.jsonl";

  /** What the training looked like, for the page, pictures and movies. */
  public static final String VIEW_RECORD = "view.record";

  private static final int MAX_INFO_BYTES = 1 << 20;
  static final int MAX_VIEW_RECORD_BYTES = 1 << 28;
  static final int MAX_METRICS_BYTES = 1 << 28;

  /**
   * An existing run folder.
   *
   * @throws IOException if there is no such folder
   */
  public static RunFolder at(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      throw new IOException(
          path + " is not a folder, expected a run's folder such as runs/<stage>-<date>-<time>");
    }
    return new RunFolder(path);
  }

  /** The run's name: its folder's. */
  public String name() {
    return path.toAbsolutePath().normalize().getFileName().toString();
  }

  public Path infoFile() {
    return path.resolve(INFO);
  }

  public Path metricsFile() {
    return path.resolve(METRICS);
  }

  public Path viewRecord() {
    return path.resolve(VIEW_RECORD);
  }

  /** Where the run's model is saved unless {@code --export} names another place. */
  public Path model() {
    return path.resolve("model");
  }

  /** The folder of the event file for TensorBoard with the measurements of one split. */
  public Path eventFolder(Split split) {
    return path.resolve(split.name().toLowerCase(Locale.ROOT));
  }

  public boolean hasViewRecord() {
    return RunFile.exists(viewRecord());
  }

  /** The size of the view record in bytes, 0 if there is none. */
  public long viewRecordSize() throws IOException {
    return RunFile.size(viewRecord());
  }

  /**
   * Opens the view record.
   *
   * @throws RunException if it cannot be used
   */
  public InputStream openViewRecord() throws IOException {
    return RunFile.open(viewRecord(), MAX_VIEW_RECORD_BYTES);
  }

  public boolean hasEventFiles() {
    return Files.isDirectory(eventFolder(Split.TRAIN))
        && Files.isDirectory(eventFolder(Split.TEST));
  }

  /** Where the run has saved its model or, if it has none, would save it. */
  public Path model(RunInfo info) {
    return info.results() == null
            || info.results().model() == null
            || info.results().model().folder() == null
        ? model()
        : path.resolve(info.results().model().folder());
  }

  /** Whether the run has saved a model in its folder, which no link in it leaves. */
  public boolean hasModel() {
    if (!Model.exists(model())) {
      return false;
    }
    try (Stream<Path> links = Files.find(model(), 3, (path, file) -> file.isSymbolicLink())) {
      return links.findAny().isEmpty();
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  /** Whether the run has not completed and has a checkpoint to resume from. */
  boolean canResume() {
    try {
      return !info().isComplete() && Checkpoints.isIn(path);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * When the run started.
   *
   * @throws RunException if {@code run.json} cannot be read or does not say
   */
  Instant started() throws IOException {
    String started = info().started();
    try {
      return Instant.parse(started == null ? "" : started);
    } catch (DateTimeParseException e) {
      throw new RunException(infoFile() + " does not say when the run started", e);
    }
  }

  /**
   * The content of {@code run.json}.
   *
   * @throws RunException if it cannot be used
   */
  public byte[] infoBytes() throws IOException {
    return RunFile.read(infoFile(), MAX_INFO_BYTES);
  }

  /**
   * Reads {@code run.json}.
   *
   * @throws IOException if it is missing or damaged
   */
  public RunInfo info() throws IOException {
    try {
      JsonNode info = Json.MAPPER.readTree(infoBytes());
      if (!info.isObject()) {
        throw new RunException(infoFile() + " is damaged: it is not a JSON object");
      }
      if (info.path("options") instanceof ObjectNode options) {
        upgrade(options, info.at("/platform/onednn").asBoolean());
      }
      return Json.MAPPER.treeToValue(info, RunInfo.class);
    } catch (NoSuchFileException e) {
      throw new RunException(path + " has no " + INFO + ", so it is not the folder of a run", e);
    } catch (JacksonException e) {
      throw new RunException(infoFile() + " is damaged: " + reason(e), e);
    } catch (CharConversionException e) {
      throw new RunException(infoFile() + " is damaged: " + e.getMessage(), e);
    }
  }

  private static String reason(JacksonException e) {
    return e.getOriginalMessage().replaceFirst("(?s) \\(start marker.*", "");
  }

  /**
   * Reads {@code run.json}, which must have all that it takes to resume the run.
   *
   * @throws IOException if it is missing, damaged or incomplete
   */
  public RunInfo completeInfo() throws IOException {
    RunInfo info = info();
    RunInfo.Data data = info.data();
    if (info.stage() == null || info.options() == null) {
      throw new RunException(infoFile() + " is damaged: it lacks the stage or its options");
    }
    if (data == null || data.source() == null || data.sha256() == null) {
      throw new RunException(infoFile() + " is damaged: it does not name the data set");
    }
    try {
      info.options().check();
    } catch (IllegalArgumentException e) {
      throw new RunException(infoFile() + " is damaged: " + e.getMessage(), e);
    }
    return info;
  }

  /** Runs of version 1.0 wrote a learning rate that is not constant as text, and not oneDNN. */
  private static void upgrade(ObjectNode options, boolean oneDnn) {
    if (options.path("learning_rate").isTextual()) {
      options.remove("learning_rate");
    }
    if (!options.has("no_onednn")) {
      options.put("no_onednn", !oneDnn);
    }
  }

  /**
   * Opens the data set that the run was trained on: in the folder it was read from or, if that no
   * longer has it, wherever the data set of that name is found, downloaded or drawn today.
   *
   * @param listener hears of a download
   * @throws IOException if neither has exactly the run's files
   */
  public DataSet openData(DataListener listener) throws IOException {
    return openData(DataSets.ofThisProject(listener));
  }

  /**
   * Opens the data set that the run was trained on, unless it has to be downloaded or drawn first.
   *
   * @throws IOException if it is not here
   */
  public DataSet openExistingData() throws IOException {
    return openData(DataSets.existing());
  }

  private DataSet openData(DataSets sets) throws IOException {
    RunInfo.Data data = completeInfo().data();
    IOException failure;
    try {
      Path source = Path.of(data.source());
      refuseSpecialFiles(source);
      return same(sets.open(DataSource.AUTO, Optional.of(source)), data);
    } catch (InvalidPathException e) {
      failure = new RunException(infoFile() + " is damaged: " + e.getMessage(), e);
    } catch (IOException e) {
      failure = e;
    }
    Optional<DataSource> named =
        Arrays.stream(DataSource.values())
            .filter(source -> source.toString().equals(data.name()))
            .findFirst();
    if (named.isEmpty()) {
      throw failure; // a user's own files
    }
    return same(sets.open(named.get(), Optional.empty()), data);
  }

  /** A run from elsewhere may name any folder; reading a pipe could wait for ever. */
  private static void refuseSpecialFiles(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      try (Stream<Path> content = Files.list(folder)) {
        for (Path file : content.toList()) {
          if (!Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw new DataException(file + " is not a regular file");
          }
        }
      }
    }
  }

  private static DataSet same(DataSet found, RunInfo.Data expected) throws DataException {
    if (!found.sha256().equals(expected.sha256())) {
      throw new DataException(
          "%s no longer holds the run's files: their SHA-256 differ from those in run.json"
              .formatted(found.source()));
    }
    return found;
  }
}
