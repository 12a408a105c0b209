package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.sources.DataSets;
import mnist.model.ModelCard;
import mnist.model.ModelException;
import mnist.model.SavedModelFolder;
import mnist.nn.Network;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.NativeEnvironment;
import mnist.runs.Checkpointer;
import mnist.runs.Checkpoints;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.runs.RunInfo;
import mnist.runs.RunLock;
import mnist.runs.RunWriter;
import mnist.training.Schedule;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;
import mnist.training.TrainingResult;
import mnist.training.TrainingState;
import mnist.view.EventRecorder;
import mnist.view.ViewRecorder;
import org.tensorflow.TensorFlow;

/** One run of a stage, new or gone on with: what it needs, what watches it, what it leaves. */
final class TrainingRun {
  private final Stage stage;
  private final TrainingOptions options;
  private final PrintStream out;
  private final PrintStream err;
  private final BooleanSupplier stop;
  private final List<TrainingListener> alsoTold;
  private final Runnable begun;

  /**
   * @param stop asked after every step whether to end early
   * @param alsoTold hear of the training beside all that belongs to a run
   * @param begun run once there is something to close
   */
  TrainingRun(
      Stage stage,
      TrainingOptions options,
      PrintStream out,
      PrintStream err,
      BooleanSupplier stop,
      List<TrainingListener> alsoTold,
      Runnable begun) {
    this.stage = stage;
    this.options = options;
    this.out = out;
    this.err = err;
    this.stop = stop;
    this.alsoTold = alsoTold;
    this.begun = begun;
  }

  /** All that there is while a run goes on. */
  private record Parts(
      Network network,
      DataSet data,
      Schedule schedule,
      boolean oneDnn,
      TrainingLoop loop,
      Optional<TrainingState> from,
      RunWriter record,
      TrainingConsole console,
      AsyncListeners onlookers) {
    Path folder() {
      return record.folder().path();
    }
  }

  /**
   * Trains, and leaves a record and a model.
   *
   * @throws IOException if something cannot be read or written
   * @throws TrainingException if the training cannot go on
   */
  @SuppressWarnings("try") // a lock is held, no more
  void run() throws IOException, TrainingException {
    if (options.resume == null) {
      open(Optional.empty(), null);
      return;
    }
    RunFolder before = RunFolder.at(options.resume);
    try (RunLock lock = RunLock.acquire(before.path())) {
      options.takeFrom(its(before));
      open(Optional.of(before), lock);
    }
  }

  // ---- What a run needs

  /** What the record of a run says that is to go on. */
  private RunInfo its(RunFolder before) throws IOException {
    RunInfo its = before.info();
    if (!its.stage().equals(stage.name())) {
      throw new IOException(
          "%s is a run of stage %s, and this is stage %s"
              .formatted(before.path(), its.stage(), stage.name()));
    }
    return its;
  }

  @SuppressWarnings("try") // a lock is held, no more
  private void open(Optional<RunFolder> before, RunLock lock)
      throws IOException, TrainingException {
    Schedule schedule = options.schedule();
    TrainingConsole console =
        new TrainingConsole(out, err, options.quiet, stage, schedule.iterations());
    if (options.exportFolder != null) {
      SavedModelFolder.check(options.exportFolder, options.overwrite);
    }
    if (options.graphFile != null && Files.exists(options.graphFile)) {
      throw graphExists();
    }
    console.announce();
    boolean oneDnn = NativeEnvironment.load(!options.noOneDnn);
    try (Network network = stage.network(options.hyperparameters())) {
      DataSet data = loadData(before);
      try (TrainingLoop loop = new TrainingLoop(schedule, network, data, options.batchSize);
          ViewPage page = options.view ? ViewPage.of(runsFolder(), data, options.viewPort) : null) {
        Optional<TrainingState> from = Optional.empty();
        if (before.isPresent()) {
          from = Optional.of(state(before.get(), network, oneDnn, schedule));
          loop.restore(from.get());
        }
        Map<String, Object> inForce = options.inForce();
        begun.run();
        try (RunWriter record =
                before.isPresent()
                    ? RunWriter.resume(
                        before.get(),
                        lock,
                        before.get().info().resume(from.get().next(), inForce),
                        from.get().next())
                    : RunWriter.create(
                        options.runFolder, RunInfo.start(stage, inForce, data, oneDnn));
            console;
            AsyncListeners onlookers = new AsyncListeners(err)) {
          train(
              new Parts(network, data, schedule, oneDnn, loop, from, record, console, onlookers),
              Optional.ofNullable(page));
        }
      }
    }
  }

  private DataSet loadData(Optional<RunFolder> before) throws IOException {
    try (DataConsole listener = new DataConsole(err)) {
      if (before.isEmpty()) {
        return DataSets.ofThisProject(listener)
            .open(options.source, Optional.ofNullable(options.dataFolder));
      }
      if (options.dataFolder == null) {
        return before.get().openData(listener);
      }
      DataSet given =
          DataSets.ofThisProject(listener).open(options.source, Optional.of(options.dataFolder));
      if (!given.sha256().equals(before.get().info().data().sha256())) {
        throw new DataException(
            "the files in %s are not those that the run began with (SHA-256 differ); leave out --data"
                .formatted(options.dataFolder));
      }
      return given;
    }
  }

  /** Where a run that goes on stands; nothing has been changed yet. */
  private TrainingState state(RunFolder before, Network network, boolean oneDnn, Schedule schedule)
      throws IOException {
    RunInfo its = before.info();
    refuseOther("TensorFlow", its.versions().get("tensorflow"), TensorFlow.version());
    refuseOther("oneDNN", its.usedOneDnn() ? "on" : "off", oneDnn ? "on" : "off");
    TrainingState state =
        new Checkpoints(before.path(), stage.name(), network, oneDnn).newest(err::println);
    if (state.next() > schedule.iterations() && RunInfo.COMPLETED.equals(its.status())) {
      throw new IOException(
          "%s has completed its %d iterations; a greater --iterations extends it"
              .formatted(before.path(), schedule.iterations()));
    }
    return state;
  }

  private static void refuseOther(String what, String its, String ours) throws IOException {
    if (!ours.equals(its)) {
      throw new IOException(
          "the run began with %s %s, here is %s %s; it goes on only as it began"
              .formatted(what, its, what, ours));
    }
  }

  /** Where this run's folder will be, and so other runs'. */
  private Path runsFolder() {
    Path folder = options.resume != null ? options.resume : options.runFolder;
    return folder == null
        ? Path.of(RunFolders.DEFAULT)
        : folder.toAbsolutePath().normalize().getParent();
  }

  // ---- The training

  private void train(Parts run, Optional<ViewPage> page) throws IOException, TrainingException {
    Path model =
        options.exportFolder != null ? options.exportFolder : run.record().folder().model();
    boolean overwrites =
        options.overwrite || run.from().isPresent() && options.exportFolder == null;
    TrainingResult trained;
    try {
      if (!options.noExport) {
        // Now that the record is there too: no training whose model cannot be kept.
        SavedModelFolder.check(model, overwrites);
      }
      if (options.graphFile != null) {
        writeGraph(run.network());
      }
      TrainingListener listeners = listeners(run);
      Optional<String> address = page.map(shown -> shown.address(run.folder()));
      run.console()
          .started(
              run.data(), run.folder(), run.from().map(TrainingState::next).orElse(0), address);
      address.ifPresent(ViewPage::openInBrowser);
      trained = run.loop().run(listeners, stop);
      run.record().end(trained, run.data().classNames());
    } catch (TrainingException | IOException | RuntimeException | Error e) {
      run.record().fail(e);
      throw e;
    }
    TrainingResult outcome = trained;
    run.console().report(outcome, run.data());
    if (!options.noExport && outcome.best().isPresent()) {
      export(run, outcome.best().get(), model, overwrites);
    }
    run.console()
        .suggestNextSteps(
            run.folder(),
            Optional.of(model).filter(folder -> !options.noExport && outcome.best().isPresent()),
            recordsView(run),
            outcome);
    if (page.isPresent()) {
      run.onlookers().finish(); // the record of the view is whole now
      run.console().keepPageOpen(page.get().address(run.folder()), stop);
    }
  }

  /** All that watch the training, in this order. */
  private TrainingListener listeners(Parts run) {
    List<TrainingListener> listeners = new ArrayList<>(List.of(run.record(), run.console()));
    if (recordsView(run)) {
      run.onlookers().add("record of the view", () -> viewRecorder(run));
    }
    if (writesEvents(run)) {
      run.onlookers().add("record for TensorBoard", () -> eventRecorder(run));
    }
    listeners.addAll(run.onlookers().listeners());
    listeners.addAll(alsoTold);
    if (options.checkpointSeconds > 0) {
      listeners.add(
          new Checkpointer(
              new Checkpoints(run.folder(), stage.name(), run.network(), run.oneDnn()),
              Duration.ofSeconds(options.checkpointSeconds),
              () -> {
                run.record().sync();
                run.onlookers().catchUp();
              }));
    }
    return TrainingListener.all(listeners);
  }

  private boolean recordsView(Parts run) {
    return run.from().isPresent()
        ? new RunFolder(run.folder()).hasViewRecord()
        : options.view || options.recordView;
  }

  private ViewRecorder viewRecorder(Parts run) throws IOException {
    return run.from().isPresent()
        ? ViewRecorder.resume(
            run.folder(),
            stage,
            run.network(),
            run.data(),
            run.schedule(),
            options.batchSize,
            run.from().get().next(),
            run.from().get().seconds())
        : ViewRecorder.begin(
            run.folder(), stage, run.network(), run.data(), run.schedule(), options.batchSize);
  }

  private boolean writesEvents(Parts run) {
    return run.from().isPresent()
        ? new RunFolder(run.folder()).hasEventFiles()
        : options.tensorBoard;
  }

  private EventRecorder eventRecorder(Parts run) throws IOException {
    return run.from().isPresent()
        ? EventRecorder.resume(
            run.folder(), run.network(), run.data(), run.schedule(), run.from().get().next())
        : EventRecorder.begin(run.folder(), run.network(), run.data(), run.schedule());
  }

  // ---- What a run leaves

  private void export(Parts run, TrainingResult.Best best, Path folder, boolean overwrites)
      throws IOException {
    try {
      SavedModelFolder.write(
          folder, overwrites, run.network(), best.weights(), ModelCard.of(stage, run.data(), best));
    } catch (ModelException e) {
      run.record().notExported(e);
      throw e;
    }
    run.record().exported(folder, best);
    run.console().exported(folder, best);
  }

  private void writeGraph(Network network) throws IOException {
    var definition = network.graph().toGraphDef();
    byte[] content =
        options.graphFile.toString().endsWith(".pbtxt")
            ? definition.toString().getBytes(StandardCharsets.UTF_8)
            : definition.toByteArray();
    try (AtomicFile draft = AtomicFile.of(options.graphFile)) {
      Files.write(draft.path(), content);
      draft.create();
    } catch (IOException e) {
      throw Files.exists(options.graphFile)
          ? graphExists()
          : new IOException(
              "the graph cannot be written to "
                  + options.graphFile
                  + ": "
                  + ErrorMessages.summarize(e),
              e);
    }
  }

  private IOException graphExists() {
    return new IOException(options.graphFile + " exists already, and is not overwritten");
  }
}
