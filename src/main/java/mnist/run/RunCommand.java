package mnist.run;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import mnist.console.ErrorLine;
import mnist.data.DataSet;
import mnist.export.ModelCard;
import mnist.export.ModelException;
import mnist.export.SavedModelFolder;
import mnist.network.Activation;
import mnist.network.Network;
import mnist.platform.Draft;
import mnist.platform.NativeEnvironment;
import mnist.platform.Reason;
import mnist.platform.Versions;
import mnist.sources.DataSets;
import mnist.sources.DataSource;
import mnist.training.Outcome;
import mnist.training.Schedule;
import mnist.training.Stage;
import mnist.training.TrainingException;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;
import mnist.view.EventRecorder;
import mnist.view.ViewRecorder;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.GraphDef;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.TypeConversionException;

/** One run of a stage: what its options set going. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    usageHelpAutoWidth = true,
    sortOptions = false,
    synopsisHeading = "%nUsage: ",
    optionListHeading = "%nOptions:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:trained",
      "1:could not be done; one line on standard error says why",
      "2:a wrong option",
      "130:stopped by Ctrl-C; the results so far are kept"
    })
final class RunCommand implements Callable<Integer> {
  private final Stage stage;
  private final PrintStream out;
  private final PrintStream err;
  private final BooleanSupplier stop;
  private final List<TrainingListener> alsoTold;

  private volatile boolean training;

  @Mixin private RunOptions options = new RunOptions();

  /**
   * @param stop asked after every step whether to end early
   * @param alsoTold hear of the training beside the console and the run's record
   */
  RunCommand(
      Stage stage,
      PrintStream out,
      PrintStream err,
      BooleanSupplier stop,
      List<TrainingListener> alsoTold) {
    this.stage = stage;
    this.out = out;
    this.err = err;
    this.stop = stop;
    this.alsoTold = alsoTold;
  }

  /** Parses, trains, and says what went wrong if anything did; returns the exit code. */
  int run(String... args) {
    CommandLine commandLine = new CommandLine(this);
    commandLine.setCommandName(stage.getClass().getName());
    commandLine
        .getCommandSpec()
        .usageMessage()
        .header("Stage " + stage.name() + " of the tutorial: " + stage.title() + ".");
    return commandLine
        .registerConverter(DataSource.class, RunCommand::dataSource)
        .registerConverter(Activation.class, RunCommand::activation)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setParameterExceptionHandler((wrong, unparsed) -> ErrorLine.wrongOption(wrong, err))
        .execute(args);
  }

  private static DataSource dataSource(String name) {
    try {
      return DataSource.named(name);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  private static Activation activation(String name) {
    for (Activation activation : Activation.values()) {
      if (activation.name().equalsIgnoreCase(name)) {
        return activation;
      }
    }
    throw new TypeConversionException("expected sigmoid or relu, found " + name);
  }

  /** Whether a run is under way, so that there are results to keep. */
  boolean isTraining() {
    return training;
  }

  @Override
  public Integer call() {
    try {
      options.refuseContradictions();
      train(options.schedule(stage.schedule()));
      return CommandLine.ExitCode.OK;
    } catch (IOException
        | TrainingException
        | TensorFlowException
        | LinkageError
        | OutOfMemoryError e) {
      return ErrorLine.notDone(e, err);
    }
  }

  private void train(Schedule schedule) throws IOException, TrainingException {
    boolean oneDnn = NativeEnvironment.load(!options.noOneDnn);
    if (options.exportFolder != null) {
      SavedModelFolder.check(options.exportFolder, options.overwrite);
    }
    if (options.graphFile != null && Files.exists(options.graphFile)) {
      throw graphExists();
    }
    try (Network network = stage.network(options.hyperparameters())) {
      options.refuseUnused(network.hyperparameters(), stage.name());
      DataSet data = loadData();
      RunFile start =
          RunFile.starting(
              stage, options.inForce(schedule, network.hyperparameters()), data, oneDnn);
      try (TrainingLoop loop = new TrainingLoop(schedule, network, data, options.batchSize);
          ViewPage page = options.view ? ViewPage.of(runsFolder(), data, options.viewPort) : null;
          RunRecord record = openRecord(start);
          RunConsole console =
              new RunConsole(out, err, options.quiet, stage, schedule.iterations());
          Onlookers onlookers = new Onlookers(err)) {
        Path model = options.exportFolder != null ? options.exportFolder : record.modelFolder();
        Outcome outcome;
        try {
          if (!options.noExport) {
            // Now that the record is there too: no training whose model cannot be kept.
            SavedModelFolder.check(model, options.overwrite);
          }
          if (options.graphFile != null) {
            writeGraph(network.graph().toGraphDef());
          }
          if (!options.noRecordView) {
            onlookers.add(
                "record of the view",
                () ->
                    new ViewRecorder(
                        record.folder(), stage, network, data, schedule, options.batchSize));
          }
          if (options.tensorBoard) {
            onlookers.add(
                "record for TensorBoard",
                () -> new EventRecorder(record.folder(), network, data, schedule));
          }
          console.started(data, record.folder());
          if (page != null) {
            console.shown(page.address(record.folder()));
            ViewPage.openInBrowser(page.address(record.folder()));
          }
          outcome = loop.run(listeners(record, console, onlookers), stop);
          record.end(outcome, data.classNames());
        } catch (TrainingException | IOException | RuntimeException | Error e) {
          record.fail(e);
          throw e;
        }
        console.report(outcome, data);
        if (!options.noExport && outcome.best().isPresent()) {
          export(network, data, outcome.best().get(), model, record);
          console.exported(model, outcome.best().get());
        }
        if (page != null) {
          onlookers.finish(); // the record of the view is whole now
          console.stays(stop);
        }
      }
    }
  }

  /** Where this run's folder will be, and so other runs'. */
  private Path runsFolder() {
    return options.runFolder == null
        ? Path.of("runs")
        : options.runFolder.toAbsolutePath().normalize().getParent();
  }

  private TrainingListener listeners(RunRecord record, RunConsole console, Onlookers onlookers) {
    List<TrainingListener> listeners = new ArrayList<>(List.of(record, console));
    listeners.addAll(onlookers.listeners());
    listeners.addAll(alsoTold);
    return TrainingListener.all(listeners);
  }

  private void export(
      Network network, DataSet data, Outcome.Best best, Path folder, RunRecord record)
      throws IOException {
    try {
      SavedModelFolder.write(
          folder, options.overwrite, network, best.weights(), ModelCard.of(stage, data, best));
    } catch (ModelException e) {
      record.notExported(e);
      throw e;
    }
    record.exported(folder, best);
  }

  private RunRecord openRecord(RunFile start) throws IOException {
    training = true; // from here on there is something to close
    return RunRecord.open(Optional.ofNullable(options.runFolder), start);
  }

  private void writeGraph(GraphDef definition) throws IOException {
    byte[] content =
        options.graphFile.toString().endsWith(".pbtxt")
            ? definition.toString().getBytes(StandardCharsets.UTF_8)
            : definition.toByteArray();
    try (Draft draft = Draft.of(options.graphFile)) {
      Files.write(draft.path(), content);
      draft.create();
    } catch (IOException e) {
      throw Files.exists(options.graphFile)
          ? graphExists()
          : new IOException(
              "the graph cannot be written to " + options.graphFile + ": " + Reason.inOneLine(e),
              e);
    }
  }

  private IOException graphExists() {
    return new IOException(options.graphFile + " exists already, and is not overwritten");
  }

  private DataSet loadData() throws IOException {
    try (DataConsole listener = new DataConsole(err)) {
      return DataSets.ofThisProject(listener)
          .open(options.source, Optional.ofNullable(options.dataFolder));
    }
  }
}
