package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mnist.model.ModelException;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;
import mnist.training.TrainingResult;

/**
 * The folder that a run leaves: {@code run.json} (what was run, on what, and what came of it) and
 * {@code metrics.jsonl} (one JSON object a line for each measurement, written as it is made).
 *
 * <p>{@code run.json} is there from the start with the status {@code running}, and is replaced in
 * one move at the end; each line of {@code metrics.jsonl} is written whole. So whatever happens,
 * both can be read.
 */
public final class RunWriter implements TrainingListener, AutoCloseable {
  private static final DateTimeFormatter FOLDER_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private final Path folder;
  private final FileChannel metrics;
  private RunInfo run;

  private RunWriter(Path folder, RunInfo start) throws IOException {
    this.folder = folder;
    write(start);
    metrics = FileChannel.open(metricsFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /**
   * Takes up the record of a run that goes on; measurements of the iterations that are made again
   * are taken out.
   *
   * @param next the first iteration that is made again
   * @throws IOException if the folder cannot be written
   */
  public static RunWriter resume(Path folder, RunInfo goingOn, int next) throws IOException {
    AtomicFile.deleteLeftovers(folder);
    RunWriter record = new RunWriter(folder, goingOn);
    record.metrics.truncate(record.lengthBefore(next));
    record.metrics.position(record.metrics.size());
    return record;
  }

  /** How long the metrics are up to an iteration, or to a line that was cut. */
  private long lengthBefore(int next) throws IOException {
    byte[] content = Files.readAllBytes(metricsFile());
    int good = 0;
    for (int i = 0; i < content.length; i++) {
      if (content[i] == '\n') {
        JsonNode line = JSON.readTree(new String(content, good, i - good, UTF_8));
        if (line.path("iteration").asInt(next) >= next) {
          break;
        }
        good = i + 1;
      }
    }
    return good;
  }

  /** Makes sure that the metrics are on the disk. */
  public void sync() throws IOException {
    metrics.force(true);
  }

  /**
   * Opens a record.
   *
   * @param chosen a folder that does not exist yet; where empty, {@code runs/<stage>-<date>-<time>}
   *     under the working folder
   * @throws IOException if the chosen folder exists, or cannot be written
   */
  public static RunWriter open(Optional<Path> chosen, RunInfo start) throws IOException {
    return new RunWriter(
        chosen.isPresent() ? created(chosen.get()) : createdByDate(start.stage()), start);
  }

  private static Path created(Path folder) throws IOException {
    if (folder.toAbsolutePath().getParent() != null) {
      Files.createDirectories(folder.toAbsolutePath().getParent());
    }
    try {
      return Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      throw new IOException(
          "the run folder "
              + folder
              + " exists already, and no run is overwritten; choose another --run-dir",
          e);
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
  public Path folder() {
    return folder;
  }

  /** Where the run's model goes if no other place was chosen. */
  public Path modelFolder() {
    return folder.resolve("model");
  }

  @Override
  public void onEvaluation(Evaluation evaluation) throws IOException {
    long whole = metrics.position();
    String line = JSON.writeValueAsString(evaluation.measurement()) + "\n";
    try {
      writeAll(metrics, line.getBytes(UTF_8));
    } catch (IOException e) {
      metrics.truncate(whole); // a full disk must not leave half a line
      throw new IOException(metricsFile() + ": " + e.getMessage(), e);
    }
  }

  /** Closes the record with what the run came to. */
  public void end(TrainingResult outcome, List<String> classNames) throws IOException {
    String status = outcome.status().name().toLowerCase(Locale.ROOT);
    write(run.ended(status, now(), null, RunInfo.Results.of(outcome, classNames)));
  }

  /** Adds the model that the run left. */
  public void exported(Path model, TrainingResult.Best best) throws IOException {
    Path place = model.startsWith(folder) ? folder.relativize(model) : model.toAbsolutePath();
    write(
        run.with(
            new RunInfo.Model(
                place.toString(),
                best.measurement().iteration(),
                best.measurement().accuracy(),
                best.weights().sha256(),
                null)));
  }

  /** Says why the run left no model; see {@link #fail}. */
  public void notExported(ModelException why) {
    tell(why, run.with(new RunInfo.Model(null, null, null, null, why.getMessage())));
  }

  /**
   * The record of a run that broke off. That it cannot be written is not what the user must know:
   * it is added to {@code why}, which is.
   */
  public void fail(Throwable why) {
    tell(why, run.ended("failed", now(), ErrorMessages.summarize(why), null));
  }

  private void tell(Throwable why, RunInfo next) {
    try {
      write(next);
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  private static String now() {
    return Instant.now().toString();
  }

  private void write(RunInfo next) throws IOException {
    byte[] content =
        (JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(next) + "\n")
            .getBytes(UTF_8);
    run = next;
    Path file = folder.resolve("run.json");
    try (AtomicFile draft = AtomicFile.of(file)) {
      Files.write(draft.path(), content);
      draft.replace();
    } catch (IOException e) {
      if (!Files.exists(file) || !isOverwritten(file, content)) {
        throw new IOException(file + " cannot be written: " + ErrorMessages.summarize(e), e);
      }
    }
  }

  /** Where there is no room for a second file, there may be for a few more bytes in the first. */
  private static boolean isOverwritten(Path file, byte[] content) throws IOException {
    byte[] before = Files.readAllBytes(file);
    try {
      overwrite(file, content);
      return true;
    } catch (IOException e) {
      overwrite(file, before);
      return false;
    }
  }

  private static void overwrite(Path file, byte[] content) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      writeAll(channel, content);
      channel.truncate(content.length);
    }
  }

  private static void writeAll(FileChannel channel, byte[] content) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(content);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    metrics.close();
  }
}
