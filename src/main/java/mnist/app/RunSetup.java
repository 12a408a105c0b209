package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.sources.DataSets;
import mnist.model.Model;
import mnist.model.SavedModelFolder;
import mnist.runs.Checkpoints;
import mnist.runs.RunConfig;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.runs.RunInfo;
import mnist.runs.RunLock;
import mnist.runs.RunWriter;
import mnist.training.Schedule;
import mnist.training.Stage;

/**
 * What a run needs before TensorFlow is loaded, which takes seconds: its options, its folders and
 * the page's port. Whatever is wrong with them is reported here, and nothing has been written yet.
 */
final class RunSetup implements AutoCloseable {
  private final Stage stage;
  private final TrainingOptions options;
  private final Optional<Resumed> resumed;
  private final RunConfig config;
  private final Optional<ViewPage> page;

  /** An earlier run that is resumed; its folder is locked. */
  private record Resumed(RunFolder folder, RunLock lock, RunInfo info) {}

  /**
   * Checks the options, locks the folder of a run to resume, and starts the page.
   *
   * @param log receives what the page's server logs
   * @throws IOException if a folder or file cannot be used, or the port is taken
   */
  RunSetup(Stage stage, TrainingOptions options, Consumer<String> log) throws IOException {
    this.stage = stage;
    this.options = options;
    options.check();
    resumed = options.resume == null ? Optional.empty() : Optional.of(open(options.resume));
    try {
      config = resumed.isPresent() ? resumedConfig(resumed.get()) : options.config;
      if (options.runFolder != null) {
        RunWriter.refuseExisting(options.runFolder);
      }
      if (options.exportFolder != null) {
        SavedModelFolder.check(options.exportFolder, options.overwrite);
      }
      if (options.graphFile != null) {
        GraphFile.refuseExisting(options.graphFile);
      }
      page =
          options.view
              ? Optional.of(
                  new ViewPage(
                      runsFolder(), options.viewPort, "--view-port", !config.noOnednn, log))
              : Optional.empty();
    } catch (IOException | RuntimeException e) {
      unlock();
      throw e;
    }
  }

  private static Resumed open(Path path) throws IOException {
    RunFolder folder = RunFolder.at(path);
    RunLock lock = RunLock.acquire(path);
    try {
      return new Resumed(folder, lock, folder.completeInfo());
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private RunConfig resumedConfig(Resumed run) throws IOException {
    if (!stage.name().equals(run.info.stage())) {
      throw new IOException(
          "%s is a run of stage %s, not of stage %s"
              .formatted(run.folder.path(), run.info.stage(), stage.name()));
    }
    int recorded = run.info.options().iterations;
    RunConfig extended = options.resume(run.info.options());
    boolean hasAll = options.noExport || Model.exists(run.folder.model(run.info));
    if (RunInfo.COMPLETED.equals(run.info.status()) && hasAll && extended.iterations == recorded) {
      throw new IOException(
          "%s has completed its %d iterations; a greater --iterations extends it"
              .formatted(run.folder.path(), recorded));
    }
    Checkpoints.refuseNone(run.folder.path());
    return extended;
  }

  /** Where this run's folder is or will be, next to other runs. */
  private Path runsFolder() {
    Path folder = options.resume != null ? options.resume : options.runFolder;
    return folder == null
        ? Path.of(RunFolders.DEFAULT)
        : folder.toAbsolutePath().normalize().getParent();
  }

  RunConfig config() {
    return config;
  }

  Schedule schedule() {
    return stage.schedule().withIterations(config.iterations);
  }

  /** The page that shows the run, with {@code --view}. */
  Optional<ViewPage> page() {
    return page;
  }

  /** The folder of the run to resume. */
  Optional<RunFolder> resumedFolder() {
    return resumed.map(Resumed::folder);
  }

  boolean recordsView() {
    return resumed.isPresent()
        ? resumed.get().folder.hasViewRecord()
        : options.view || options.recordView;
  }

  boolean writesEventFiles() {
    return resumed.isPresent() ? resumed.get().folder.hasEventFiles() : options.tensorBoard;
  }

  /**
   * Finds, downloads or draws the data set.
   *
   * @throws IOException if it cannot be read, or is not the one that a resumed run started with
   */
  DataSet loadData(PrintStream err) throws IOException {
    try (DataConsole console = new DataConsole(err)) {
      if (resumed.isPresent() && options.dataFolder == null) {
        return resumed.get().folder.openData(console);
      }
      DataSet data =
          DataSets.ofThisProject(console)
              .open(config.dataset, Optional.ofNullable(options.dataFolder));
      if (resumed.isPresent() && !data.sha256().equals(resumed.get().info.data().sha256())) {
        throw new DataException(
            "the files in %s are not those that the run started with (SHA-256 differ); leave out"
                    .formatted(options.dataFolder)
                + " --data");
      }
      return data;
    }
  }

  /**
   * Checks that a resumed run gets the kernels that it started with, and records in a new run's
   * configuration which they are: the environment may have disabled oneDNN.
   *
   * @throws IOException if they differ and that is not allowed
   */
  void checkKernels(boolean oneDnn, PrintStream err) throws IOException {
    if (resumed.isEmpty()) {
      config.noOnednn = !oneDnn;
      return;
    }
    String differences = String.join("; ", resumed.get().info.otherKernels(oneDnn));
    if (differences.isEmpty()) {
      return;
    }
    if (!options.allowOtherKernels) {
      throw new IOException(
          "%s started with other kernels, which give other numbers (%s); resume it as it started, or with --allow-other-kernels"
              .formatted(resumed.get().folder.path(), differences));
    }
    err.printf("From here on the numbers are no longer those of one machine (%s)%n", differences);
  }

  /**
   * Creates the run's folder, or checks that the resumed run's files can be continued.
   *
   * @param next the first iteration
   * @param oneDnn whether oneDNN's kernels are enabled
   */
  RunWriter createWriter(DataSet data, int next, boolean oneDnn) throws IOException {
    if (resumed.isEmpty()) {
      return RunWriter.create(options.runFolder, RunInfo.start(stage, config, data));
    }
    Resumed run = resumed.get();
    RunInfo info = run.info.resume(next, config, oneDnn);
    return RunWriter.resume(run.folder, run.lock, info, next, schedule());
  }

  private void unlock() throws IOException {
    if (resumed.isPresent()) {
      resumed.get().lock.close();
    }
  }

  @Override
  public void close() throws IOException {
    page.ifPresent(ViewPage::close);
    unlock();
  }
}
