package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
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
import mnist.data.Split;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.Json;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.Schedule;
import mnist.training.TrainingListener;
import mnist.training.TrainingResult;

/**
 * Writes {@code run.json} and {@code metrics.jsonl} into a run's folder, which is locked meanwhile.
 *
 * <p>{@code run.json} exists from the start, with the status {@code running}, and is replaced
 * atomically at the end, when all else is there; each measurement is appended to {@code
 * metrics.jsonl} as a whole line. So both can be read at any time, and after a crash.
 */
public final class RunWriter implements TrainingListener, AutoCloseable {
  private static final DateTimeFormatter FOLDER_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private static final ObjectReader MEASUREMENTS =
      Json.MAPPER
          .readerFor(Measurement.class)
          .with(
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final RunFolder folder;
  private final RunLock lock;
  private final FileChannel metrics;
  private RunInfo info;
  private boolean begun;

  private RunWriter(RunFolder folder, RunLock lock, RunInfo info, long metricsLength)
      throws IOException {
    this.folder = folder;
    this.lock = lock;
    this.info = info;
    try {
      metrics =
          FileChannel.open(
              folder.metricsFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      metrics.position(metricsLength);
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
    RunWriter writer = new RunWriter(folder, RunLock.acquire(folder.path()), start, 0);
    try {
      writer.begin();
    } catch (IOException e) {
      writer.close();
      throw e;
    }
    return writer;
  }

  /**
   * Continues the record of a run. The folder is checked here, and not changed before {@link
   * #begin}.
   *
   * @param lock on the folder, which this writer releases when it is closed
   * @param next the first iteration that is repeated
   * @param schedule of the run
   * @throws IOException if a measurement before {@code next} is damaged
   */
  public static RunWriter resume(
      RunFolder folder, RunLock lock, RunInfo resumed, int next, Schedule schedule)
      throws IOException {
    long length = lengthBefore(next, schedule, folder.metricsFile());
    return new RunWriter(folder, lock, resumed, length);
  }

  /**
   * The length of the metrics in bytes up to an iteration. What follows the last measurement before
   * it is not looked at: it is cut off, damaged or not.
   */
  private static long lengthBefore(int next, Schedule schedule, Path file) throws IOException {
    int last = next - 1;
    while (last >= 0 && !schedule.measuresTraining(last) && !schedule.measuresTest(last)) {
      last--;
    }
    Split lastSet = last >= 0 && schedule.measuresTest(last) ? Split.TEST : Split.TRAIN;
    byte[] content = Files.exists(file) ? RunFile.read(file, Integer.MAX_VALUE - 8) : new byte[0];
    int length = 0;
    for (int line = 1; length < content.length; line++) {
      int end = length;
      while (end < content.length && content[end] != '\n') {
        end++;
      }
      Measurement measurement = null;
      if (end < content.length) {
        try {
          measurement = MEASUREMENTS.readValue(content, length, end - length);
        } catch (JacksonException e) {
          // is damaged
        }
      }
      if (measurement == null) {
        throw new IOException(
            "%s, line %d is damaged; delete it to resume without this measurement"
                .formatted(file, line));
      }
      if (measurement.iteration() >= next) {
        break;
      }
      length = end + 1;
      if (measurement.iteration() == last && measurement.set() == lastSet) {
        break;
      }
    }
    return length;
  }

  /**
   * Changes the folder of a resumed run: measurements that will be repeated are removed, and last
   * {@code run.json} says that the run is running. A new run has begun when it was created.
   *
   * @throws IOException if the folder cannot be written
   */
  public void begin() throws IOException {
    if (!begun) {
      Checkpoints.recoverLeftovers(folder.path());
      AtomicFile.deleteLeftovers(folder.path());
      metrics.truncate(metrics.position());
      write(info);
      begun = true;
    }
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

  /** Adds the results, to be written by {@link #end}, or {@link #fail}. */
  public void trained(TrainingResult result, List<String> classNames) {
    info = info.with(result, classNames);
  }

  /** Adds the model that the run saved, to be written by {@link #end}. */
  public void exported(Path model, TrainingResult.Best best) {
    Path run = folder.path();
    Path place = model.startsWith(run) ? run.relativize(model) : model.toAbsolutePath();
    info =
        info.with(
            new RunInfo.Model(
                place.toString(),
                best.measurement().iteration(),
                best.measurement().accuracy(),
                best.weights().sha256()));
  }

  /** Records how the training ended, once everything else that the run leaves is there. */
  public void end(TrainingResult.Status status) throws IOException {
    write(info.end(status));
  }

  /**
   * Records that the run failed, unless it is a resumed one that has not begun. If that cannot be
   * written, the user still needs {@code reason} above all: the second failure is added to it as
   * suppressed.
   */
  public void fail(Throwable reason) {
    if (begun) {
      try {
        write(info.fail(reason));
      } catch (IOException e) {
        reason.addSuppressed(e);
      }
    }
  }

  /** Replaces {@code run.json}; where that is not possible, as on a full disk, it stays. */
  private void write(RunInfo next) throws IOException {
    byte[] content =
        (Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(next) + "\n")
            .getBytes(UTF_8);
    try {
      AtomicFile.write(folder.infoFile(), content);
      info = next;
    } catch (IOException e) {
      throw new IOException(
          folder.infoFile() + " cannot be written: " + ErrorMessages.summarize(e), e);
    }
  }

  @Override
  public void close() throws IOException {
    try (lock) {
      metrics.close();
    }
  }
}
