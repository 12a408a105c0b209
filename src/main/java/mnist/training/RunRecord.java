package mnist.training;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataSet;
import mnist.export.ModelCard;

/**
 * The folder that a run leaves: {@code run.json} (what was run, on what, and what came of it) and
 * {@code metrics.jsonl} (one JSON object a line for each measurement, written as it is made).
 *
 * <p>{@code run.json} is there from the start with the status {@code running}, and is replaced in
 * one move at the end; each line of {@code metrics.jsonl} is written whole. So whatever happens,
 * both can be read.
 */
public final class RunRecord implements TrainingListener, AutoCloseable {
  private static final DateTimeFormatter FOLDER_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /**
   * What is known when a run starts.
   *
   * @param stage the stage's number
   * @param title its network in a few words
   * @param options the options in force, those left to their defaults included
   * @param data the data set's name, where it came from, and its files' SHA-256, unpacked
   * @param versions of the program, TensorFlow and the Java virtual machine
   * @param platform operating system, processor, and what of the environment matters
   */
  record Start(
      String stage,
      String title,
      Map<String, Object> options,
      Data data,
      Map<String, String> versions,
      Map<String, Object> platform) {}

  /** The data set of a run. */
  record Data(
      String name, String source, int trainingImages, int testImages, Map<String, String> sha256) {
    static Data of(DataSet data) {
      return new Data(
          data.name(), data.source(), data.training().count(), data.test().count(), data.sha256());
    }
  }

  private final Path folder;
  private final Start start;
  private final Instant started = Instant.now();
  private final FileChannel metrics;
  private final Map<String, Object> results = new LinkedHashMap<>();
  private String status = "running";

  private RunRecord(Path folder, Start start) throws IOException {
    this.folder = folder;
    this.start = start;
    write(Map.of());
    metrics =
        FileChannel.open(metricsFile(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /**
   * Opens the record of a run that starts now.
   *
   * @param chosen a folder that does not exist yet; where empty, {@code runs/<stage>-<date>-<time>}
   *     under the working folder
   * @throws TrainingException if the chosen folder exists
   * @throws IOException if the folder cannot be written
   */
  static RunRecord open(Optional<Path> chosen, Start start) throws IOException, TrainingException {
    return new RunRecord(
        chosen.isPresent() ? created(chosen.get()) : createdByDate(start.stage()), start);
  }

  private static Path created(Path folder) throws IOException, TrainingException {
    if (folder.toAbsolutePath().getParent() != null) {
      Files.createDirectories(folder.toAbsolutePath().getParent());
    }
    try {
      return Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      throw new TrainingException(
          "the run folder "
              + folder
              + " exists already, and no run is overwritten; choose another --run-dir");
    }
  }

  private static Path createdByDate(String stage) throws IOException {
    Path runs = Files.createDirectories(Path.of("runs"));
    String name = stage + "-" + LocalDateTime.now().format(FOLDER_DATE);
    for (int i = 1; ; i++) {
      try {
        return Files.createDirectory(runs.resolve(i == 1 ? name : name + "-" + i));
      } catch (FileAlreadyExistsException e) {
        // Another run of this stage started in the same second: count on.
      }
    }
  }

  private Path metricsFile() {
    return folder.resolve("metrics.jsonl");
  }

  /** Where the record is. */
  Path folder() {
    return folder;
  }

  @Override
  public void measured(Measurement measurement) throws IOException {
    long whole = metrics.position();
    ByteBuffer line =
        ByteBuffer.wrap((JSON.writeValueAsString(measurement) + "\n").getBytes(UTF_8));
    try {
      while (line.hasRemaining()) {
        metrics.write(line);
      }
    } catch (IOException e) {
      metrics.truncate(whole); // a full disk must not leave half a line
      throw new IOException(metricsFile() + ": " + e.getMessage(), e);
    }
  }

  /** Closes the record with what the run came to. */
  void end(Outcome outcome, List<String> classNames) throws IOException {
    status = outcome.ending().name().toLowerCase(Locale.ROOT);
    results.put("steps", outcome.steps());
    outcome.best().ifPresent(best -> results.put("best_test", best));
    outcome.last().ifPresent(last -> results.put("last_test", last));
    results.put("median_step_ms", outcome.medianStepMillis());
    results.put("seconds", outcome.seconds());
    Map<String, Double> perClass = new LinkedHashMap<>();
    for (int c = 0; c < classNames.size(); c++) {
      perClass.put(classNames.get(c), outcome.confusion().accuracy(c));
    }
    results.put("accuracy_per_class", perClass);
    results.put("confusion", outcome.confusion().counts());
    results.put("weights_sha256", outcome.weightsSha256());
    write(Map.of("results", results));
  }

  /** Adds the model that the run left. */
  void exported(Path model, ModelCard card) throws IOException {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put(
        "folder",
        (model.startsWith(folder) ? folder.relativize(model) : model.toAbsolutePath()).toString());
    entry.put("iteration", card.iteration());
    entry.put("test_accuracy", card.testAccuracy());
    entry.put("weights_sha256", card.weightsSha256());
    results.put("model", entry);
    write(Map.of("results", results));
  }

  /** Says why the run left no model. */
  void notExported(String reason) throws IOException {
    results.put("model", Map.of("error", reason));
    write(Map.of("results", results));
  }

  /** The record of a run that broke off. */
  void fail(String reason) throws IOException {
    status = "failed";
    write(Map.of("error", reason));
  }

  private void write(Map<String, Object> more) throws IOException {
    Map<String, Object> run = new LinkedHashMap<>();
    run.put("stage", start.stage());
    run.put("title", start.title());
    run.put("status", status);
    run.put("started", started.toString());
    if (!status.equals("running")) {
      run.put("ended", Instant.now().toString());
    }
    run.put("options", start.options());
    run.put("data", start.data());
    run.put("versions", start.versions());
    run.put("platform", start.platform());
    run.putAll(more);
    Path part = folder.resolve("run.json.part");
    try {
      Files.writeString(
          part,
          JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(run) + "\n");
      Files.move(
          part,
          folder.resolve("run.json"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  @Override
  public void close() throws IOException {
    try (metrics) {
      if (status.equals("running")) {
        fail("the run broke off");
      }
    }
  }
}
