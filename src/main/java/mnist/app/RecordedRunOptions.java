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

/** The options of what draws a run: which one, and where to. */
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
   * The run that was chosen, or the newest one.
   *
   * @throws IOException if there is none
   */
  public RunFolder folder() throws IOException {
    return run == null ? new RunFolders(Path.of(RunFolders.DEFAULT)).newest() : RunFolder.at(run);
  }

  /** The data set of the run; where it cannot be had, a line on {@code err} says why. */
  public static Optional<DataSet> data(RunFolder run, PrintStream err) {
    try (DataConsole console = new DataConsole(err)) {
      return Optional.of(run.openData(console));
    } catch (IOException e) {
      err.println("warning: the digits' images are not drawn: " + ErrorMessages.summarize(e));
      return Optional.empty();
    }
  }

  /** What {@code --out} names. */
  public Optional<Path> out() {
    return Optional.ofNullable(out);
  }

  /** Writes a file. */
  public interface Writing {
    /**
     * @param file does not exist yet
     */
    void to(Path file) throws IOException;
  }

  /**
   * Writes a file whole or not at all: what {@code --out} names, else one in the run's folder,
   * where an earlier one is replaced.
   *
   * @param usual its name in the run's folder
   * @return where it is
   * @throws IOException if it cannot be written, or would replace what was not made here
   */
  public Path write(RunFolder folder, String usual, Writing writing) throws IOException {
    Path file = out().orElse(folder.path().resolve(usual));
    boolean mayReplace = out == null || overwrite;
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a folder, expected a name for a file");
    }
    if (Files.exists(file) && !mayReplace) {
      throw exists(file);
    }
    try (AtomicFile draft = AtomicFile.of(file)) {
      writing.to(draft.path());
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
    return new IOException(file + " exists already; add --overwrite to replace it");
  }
}
