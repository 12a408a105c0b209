package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import mnist.data.DataSet;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.runs.ViewRecord;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A program that draws a run, with the options which run and where to. */
abstract class DrawingProgram implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "RUN",
      description = "Folder of the run. Default: the newest run in runs")
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "File to write. Default: one in the run's folder")
  Path outFile;

  @Option(names = "--overwrite", description = "Replace the file that --out names.")
  private boolean overwrite;

  final PrintStream out;
  final PrintStream err;

  DrawingProgram(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * The chosen run, or the newest one.
   *
   * @throws IOException if there is none
   */
  RunFolder folder() throws IOException {
    return run == null
        ? new RunFolders(Path.of(RunFolders.DEFAULT), err::println).newest()
        : RunFolder.at(run);
  }

  /** The record of the run; if its end is damaged or missing, a line on standard error says so. */
  ViewRecord record(RunFolder run) throws IOException {
    ViewRecord record = ViewRecord.read(run.path());
    record.damage().ifPresent(err::println);
    return record;
  }

  /** The data set of the run; if it is not available, a line on standard error says why. */
  Optional<DataSet> data(RunFolder run) {
    try (DataConsole console = new DataConsole(err)) {
      return Optional.of(run.openData(console));
    } catch (IOException e) {
      err.println("warning: the digits' images are not drawn: " + ErrorMessages.summarize(e));
      return Optional.empty();
    }
  }

  /** Writes a file that does not exist yet. */
  interface FileWriter {
    void write(Path file) throws IOException;
  }

  /**
   * Atomically writes the file that {@code --out} names, else one in the run's folder, which
   * replaces an earlier one, and prints its path.
   *
   * @param defaultName its name in the run's folder
   * @throws IOException if it cannot be written, or {@code --out} exists
   */
  void write(RunFolder folder, String defaultName, FileWriter writer) throws IOException {
    Path file = outFile != null ? outFile : folder.path().resolve(defaultName);
    boolean mayReplace = outFile == null || overwrite;
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
    out.println(file);
  }

  private static IOException exists(Path file) {
    return new IOException(file + " already exists; add --overwrite to replace it");
  }
}
