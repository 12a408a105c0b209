package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import mnist.data.DataSet;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of the programs that draw a run: which run, and the output file. */
public final class RecordedRunOptions {
  @Parameters(
      arity = "0..1",
      paramLabel = "RUN",
      description = "Folder of the run. Default: the newest run in runs")
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "File to write. Default: one in the run's folder")
  private Path out;

  @Option(names = "--overwrite", description = "Replace the file that --out names.")
  private boolean overwrite;

  /**
   * The chosen run, or the newest one.
   *
   * @throws IOException if there is none
   */
  public RunFolder folder() throws IOException {
    return run == null ? new RunFolders(Path.of(RunFolders.DEFAULT)).newest() : RunFolder.at(run);
  }

  /** The data set of the run; if it is not available, a line on {@code err} says why. */
  public static Optional<DataSet> data(RunFolder run, PrintStream err) {
    try (DataConsole console = new DataConsole(err)) {
      return Optional.of(run.openData(console));
    } catch (IOException e) {
      err.println("warning: the digits' images are not drawn: " + ErrorMessages.summarize(e));
      return Optional.empty();
    }
  }

  /** The value of {@code --out}. */
  public Optional<Path> out() {
    return Optional.ofNullable(out);
  }

  /** Writes a file that does not exist yet. */
  public interface FileWriter {
    void write(Path file) throws IOException;
  }

  /**
   * Atomically writes the file that {@code --out} names, else one in the run's folder, which
   * replaces an earlier one.
   *
   * @param defaultName its name in the run's folder
   * @return the file
   * @throws IOException if it cannot be written, or {@code --out} exists
   */
  public Path write(RunFolder folder, String defaultName, FileWriter writer) throws IOException {
    Path file = out().orElse(folder.path().resolve(defaultName));
    boolean mayReplace = out == null || overwrite;
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a folder, expected a file name");
    }
    if (Files.exists(file) && !mayReplace) {
      throw exists(file);
    }
    try (AtomicFile draft = AtomicFile.of(file)) {
      writer.write(draft.path());
      if (mayReplace) {
        draft.replace();
      } else {
        draft.create();
      }
    } catch (FileAlreadyExistsException e) {
      throw mayReplace ? e : exists(file);
    }
    return file;
  }

  private static IOException exists(Path file) {
    return new IOException(file + " already exists; add --overwrite to replace it");
  }
}
