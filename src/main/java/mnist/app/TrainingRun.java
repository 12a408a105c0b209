package mnist.app;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import mnist.data.DataSet;
import mnist.model.ModelCard;
import mnist.model.SavedModelFolder;
import mnist.nn.Network;
import mnist.platform.ErrorMessages;
import mnist.platform.NativeEnvironment;
import mnist.runs.Checkpointer;
import mnist.runs.Checkpoints;
import mnist.runs.RunFolder;
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

/**
 * One run of a stage, new or resumed: trains, and writes the run's folder and the model.
 *
 * @param stop polled after every step: whether to end early
 * @param extraListeners are notified after the run's own
 * @param onStart called once there is something to close
 */
record TrainingRun(
    Stage stage,
    TrainingOptions options,
    PrintStream out,
    PrintStream err,
    BooleanSupplier stop,
    List<TrainingListener> extraListeners,
    Runnable onStart) {

  /**
   * Checks the options, loads the data and TensorFlow, and trains.
   *
   * @throws IOException if something cannot be read or written
   * @throws TrainingException if the training cannot continue
   */
  void run() throws IOException, TrainingException {
    try (TrainingConsole console = new TrainingConsole(out, err, options.quiet, stage);
        RunSetup setup = new RunSetup(stage, options, console::warn)) {
      console.announce();
      DataSet data = setup.loadData(err);
      setup.page().ifPresent(page -> page.use(data));
      console.loadingTensorFlow();
      boolean oneDnn = NativeEnvironment.load(!setup.config().noOnednn);
      setup.checkKernels(oneDnn, err);
      try (Network network = stage.network(setup.config().hyperparameters);
          TrainingLoop loop =
              new TrainingLoop(setup.schedule(), network, data, setup.config().batchSize)) {
        train(setup, console, data, network, loop, oneDnn);
      }
    }
  }

  private void train(
      RunSetup setup,
      TrainingConsole console,
      DataSet data,
      Network network,
      TrainingLoop loop,
      boolean oneDnn)
      throws IOException, TrainingException {
    String configuration = setup.config().sha256(stage.name(), data.sha256());
    Optional<TrainingState> from = Optional.empty();
    if (setup.resumedFolder().isPresent()) {
      Path run = setup.resumedFolder().get().path();
      from =
          Optional.of(
              new Checkpoints(run, stage.name(), network, oneDnn, configuration)
                  .newest(options.allowOtherKernels, err::println));
      try {
        loop.restore(from.get());
      } catch (IllegalArgumentException e) {
        throw new IOException("the checkpoint in " + run + " is damaged: " + e.getMessage(), e);
      }
    }
    int first = from.map(TrainingState::next).orElse(0);
    onStart.run();
    try (RunWriter writer = setup.createWriter(data, first, oneDnn);
        AsyncListeners recorders = new AsyncListeners(console::warn)) {
      RunFolder folder = writer.folder();
      Path model = options.exportFolder != null ? options.exportFolder : folder.model();
      boolean overwrites = options.overwrite || from.isPresent() && options.exportFolder == null;
      TrainingResult result;
      Optional<Path> exported = Optional.empty();
      boolean trained = false;
      try {
        if (!options.noExport) {
          // Again, now that the run's folder exists: no training whose model cannot be saved.
          SavedModelFolder.check(model, overwrites);
        }
        if (options.graphFile != null) {
          GraphFile.write(options.graphFile, network);
        }
        addRecorders(recorders, setup, folder, network, data, from);
        writer.begin();
        List<TrainingListener> listeners = new ArrayList<>(List.of(writer, console));
        listeners.addAll(recorders.listeners());
        listeners.addAll(extraListeners);
        if (options.checkpointSeconds > 0) {
          listeners.add(
              new Checkpointer(
                  new Checkpoints(folder.path(), stage.name(), network, oneDnn, configuration),
                  Duration.ofSeconds(options.checkpointSeconds),
                  () -> {
                    writer.sync();
                    recorders.catchUp();
                  }));
        }
        Optional<String> address = setup.page().map(page -> page.address(folder));
        console.started(data, folder.path(), first, setup.config().iterations, address);
        address.ifPresent(ViewPage::openInBrowser);
        TrainingListener all = TrainingListener.all(listeners);
        result = loop.run(all, stop);
        trained = true;
        result = loop.evaluateFinalWeights(result, all);
        writer.trained(result, data.classNames());
        recorders.finish();
        console.report(result, data);
        if (!options.noExport && result.best().isPresent()) {
          TrainingResult.Best best = result.best().get();
          SavedModelFolder.write(
              model, overwrites, network, best.weights(), ModelCard.of(stage, data, best));
          writer.exported(model, best);
          exported = Optional.of(model);
        }
        writer.end(result.status()); // last: whatever the run leaves is there
      } catch (IOException e) {
        IOException failure =
            trained && options.checkpointSeconds > 0
                ? new IOException(
                    "%s; the training itself is saved, and --resume %s finishes the run"
                        .formatted(ErrorMessages.summarize(e), folder.path()),
                    e)
                : e;
        writer.fail(failure);
        throw failure;
      } catch (TrainingException | RuntimeException | Error e) {
        writer.fail(e);
        throw e;
      }
      if (exported.isPresent()) {
        console.exported(model, result.best().get());
      }
      console.suggestNextSteps(folder.path(), exported, setup.recordsView(), result);
      if (setup.page().isPresent()) {
        console.keepPageOpen(setup.page().get().address(folder), stop);
      }
    }
  }

  /** Adds what a run can do without; if one cannot start, a line says so. */
  private void addRecorders(
      AsyncListeners recorders,
      RunSetup setup,
      RunFolder folder,
      Network network,
      DataSet data,
      Optional<TrainingState> from) {
    Schedule schedule = setup.schedule();
    int batchSize = setup.config().batchSize;
    if (setup.recordsView()) {
      recorders.add(
          "view record",
          () -> new ViewRecorder(folder, stage, network, data, schedule, batchSize, from));
    }
    if (setup.writesEventFiles()) {
      recorders.add("event files", () -> new EventRecorder(folder, network, data, schedule, from));
    }
  }
}
