package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import mnist.model.ModelException;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.Json;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;
import mnist.training.TrainingResult;

/**
 * Writes {@code run.json} and {@code metrics.jsonl} into a run's folder, which is locked meanwhile.
 *
 * <p>{@code run.json} exists from the start, with the status {@code running}, and is replaced
 * atomically at the end; each measurement is appended to {@code metrics.jsonl} as a whole line. So
 * both can be read at any time, and after a crash.
 */
public final class RunWriter implements TrainingListener, AutoCloseable {
  private static final DateTimeFormatter FOLDER_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private final RunFolder folder;
  private final RunLock lock;
  private final FileChannel metrics;
  private RunInfo info;

  private RunWriter(RunFolder folder, RunLock lock, RunInfo start) throws IOException {
    this.folder = folder;
    this.lock = lock;
    try {
      write(start);
      metrics =
          FileChannel.open(
              folder.metricsFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Starts the record of a new run.
   *
   * @param path the run's folder, which must not exist yet; null for {@code
   *     runs/<stage>-<date>-<time>} under the working folder
   * @throws IOException if the folder exists, or cannot be written
   */
  public static RunWriter create(Path path, RunInfo start) throws IOException {
    RunFolder folder =
        new RunFolder(path != null ? createFolder(path) : createDatedFolder(start.stage()));
    return new RunWriter(folder, RunLock.acquire(folder.path()), start);
  }

  /**
   * Continues the record of a run; measurements from {@code next} on are removed.
   *
   * @param lock on the folder, which this writer releases when it is closed
   * @param next the first iteration that is repeated
   * @throws IOException if the folder cannot be written
   */
  public static RunWriter resume(RunFolder folder, RunLock lock, RunInfo resumed, int next)
      throws IOException {
    AtomicFile.deleteLeftovers(folder.path());
    RunWriter writer = new RunWriter(folder, lock, resumed);
    writer.metrics.truncate(writer.lengthBefore(next));
    writer.metrics.position(writer.metrics.size());
    return writer;
  }

  /** The length of the metrics in bytes up to an iteration, or to an incomplete line. */
  private long lengthBefore(int next) throws IOException {
    byte[] content = Files.readAllBytes(folder.metricsFile());
    int length = 0;
    for (int i = 0; i < content.length; i++) {
      if (content[i] == '\n') {
        JsonNode line = Json.MAPPER.readTree(new String(content, length, i - length, UTF_8));
        if (line.path("iteration").asInt(next) >= next) {
          break;
        }
        length = i + 1;
      }
    }
    return length;
  }

  private static Path createFolder(Path folder) throws IOException {
    refuseExisting(folder);
    Files.createDirectories(folder.toAbsolutePath().getParent());
    try {
      return Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      refuseExisting(folder);
      throw e;
    }
  }

  /**
   * Checks that a new run can have this folder.
   *
   * @throws IOException if it exists
   */
  public static void refuseExisting(Path folder) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(
          "the run folder "
              + folder
              + " already exists, and no run is overwritten; choose another --run-dir");
    }
  }

  private static Path createDatedFolder(String stage) throws IOException {
    Path runs = Files.createDirectories(Path.of(RunFolders.DEFAULT));
    String name = stage + "-" + LocalDateTime.now().format(FOLDER_DATE);
    for (int i = 1; ; i++) {
      try {
        return Files.createDirectory(runs.resolve(i == 1 ? name : name + "-" + i));
      } catch (FileAlreadyExistsException e) {
        // Another run of this stage started in the same second: try the next number.
      }
    }
  }

  public RunFolder folder() {
    return folder;
  }

  /** Forces the metrics to the disk. */
  public void sync() throws IOException {
    metrics.force(true);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) throws IOException {
    long start = metrics.position();
    String line = Json.MAPPER.writeValueAsString(evaluation.measurement()) + "\n";
    try {
      Channels.newOutputStream(metrics).write(line.getBytes(UTF_8));
    } catch (IOException e) {
      metrics.truncate(start); // a full disk must not leave half a line
      throw new IOException(folder.metricsFile() + ": " + e.getMessage(), e);
    }
  }

  /** Records the results. */
  public void end(TrainingResult result, List<String> classNames) throws IOException {
    write(info.end(result, classNames));
  }

  /** Records the model that the run saved. */
  public void exported(Path model, TrainingResult.Best best) throws IOException {
    Path run = folder.path();
    Path place = model.startsWith(run) ? run.relativize(model) : model.toAbsolutePath();
    write(
        info.with(
            new RunInfo.Model(
                place.toString(),
                best.measurement().iteration(),
                best.measurement().accuracy(),
                best.weights().sha256(),
                null)));
  }

  /** Records why the run saved no model; see {@link #fail}. */
  public void notExported(ModelException reason) {
    tryToWrite(info.with(new RunInfo.Model(null, null, null, null, reason.getMessage())), reason);
  }

  /**
   * Records that the run failed. If that cannot be written, the user still needs {@code reason}
   * above all: the second failure is added to it as suppressed.
   */
  public void fail(Throwable reason) {
    tryToWrite(info.fail(reason), reason);
  }

  private void tryToWrite(RunInfo next, Throwable reason) {
    try {
      write(next);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  private void write(RunInfo next) throws IOException {
    byte[] content =
        (Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(next) + "\n")
            .getBytes(UTF_8);
    info = next;
    Path file = folder.infoFile();
    try {
      AtomicFile.write(file, content);
    } catch (IOException e) {
      if (!Files.exists(file) || !overwrite(file, content)) {
        throw new IOException(file + " cannot be written: " + ErrorMessages.summarize(e), e);
      }
    }
  }

  /** On a full disk there may be room for a few more bytes in the existing file. */
  private static boolean overwrite(Path file, byte[] content) throws IOException {
    byte[] before = Files.readAllBytes(file);
    try {
      overwriteInPlace(file, content);
      return true;
    } catch (IOException e) {
      overwriteInPlace(file, before);
      return false;
    }
  }

  private static void overwriteInPlace(Path file, byte[] content) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      Channels.newOutputStream(channel).write(content);
      channel.truncate(content.length);
    }
  }

  @Override
  public void close() throws IOException {
    try (lock) {
      metrics.close();
    }
  }
}
