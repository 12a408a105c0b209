package mnist.training;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import mnist.data.DataSet;
import mnist.data.DataSets;
import mnist.data.DataSource;
import mnist.export.ModelCard;
import mnist.export.ModelException;
import mnist.export.SavedModelFolder;
import mnist.network.Activation;
import mnist.network.Choices;
import mnist.network.Network;
import mnist.network.NetworkBuilder;
import mnist.network.NetworkBuilder.Choice;
import org.tensorflow.Graph;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.GraphDef;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of a stage, the same for all, and what they set going. */
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
final class TrainingCommand implements Callable<Integer> {
  private static final int MOST_ITERATIONS = 1_000_000_000;

  private final Stage stage;
  private final PrintStream out;
  private final PrintStream err;
  private final BooleanSupplier stop;
  private final TrainingListener alsoTold;

  private volatile boolean training;

  @Spec private CommandSpec spec;

  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto, mnist, fashion-mnist or synthetic. auto is MNIST, or drawn digits where MNIST can"
              + " be neither found nor downloaded. Default: ${DEFAULT-VALUE}")
  private DataSource source;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with the four IDX files, gzipped or plain. Default: $MNIST_DATA (or"
              + " $FASHION_MNIST_DATA), else the project's data folder, into which what is missing"
              + " is downloaded.")
  private Path dataFolder;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description =
          "Number of the last iteration; they run from 0. Default: 2000 in stage 1.0, else 10000")
  private Integer iterations;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "100",
      description = "Images per step. Default: ${DEFAULT-VALUE}")
  private int batchSize;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Of the first weights, of dropout and of the order of the images. Equal seeds give equal"
              + " numbers. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "A constant learning rate, in place of the stage's own.")
  private Float learningRate;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description =
          "sigmoid or relu, in place of the stage's own (stages 2.x). With relu the biases start"
              + " at 0.1, with sigmoid at 0.")
  private Activation activation;

  @Option(
      names = "--keep-probability",
      paramLabel = "X",
      description =
          "Share of the neurons that dropout keeps, 1 for no dropout (stages 2.2 and 3.1)."
              + " Default: 0.75")
  private Float keepProbability;

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description =
          "Folder for the record of the run; must not exist yet. Default:"
              + " runs/<stage>-<date>-<time>")
  private Path runFolder;

  @Option(
      names = "--graph",
      paramLabel = "FILE",
      description =
          "Write the graph to FILE before training: a binary GraphDef, or text if the name ends in"
              + " .pbtxt. FILE must not exist yet.")
  private Path graphFile;

  @Option(
      names = "--export",
      paramLabel = "DIR",
      description =
          "Folder for the trained model, a SavedModel with the weights of the best test accuracy;"
              + " must not exist yet. Default: model in the run's folder")
  private Path exportFolder;

  @Option(names = "--no-export", description = "Leave no model.")
  private boolean noExport;

  @Option(names = "--overwrite", description = "Replace the model that --export finds.")
  private boolean overwrite;

  @Option(names = "--quiet", description = "Print nothing but the report at the end.")
  private boolean quiet;

  @Option(
      names = "--no-onednn",
      description =
          "Keep to TensorFlow's plain kernels. oneDNN's are about twice as fast in convolutions;"
              + " their results differ in the last bits.")
  private boolean noOneDnn;

  /**
   * @param stop asked after every step whether to end early
   * @param alsoTold hears of the training beside the console and the run's record
   */
  TrainingCommand(
      Stage stage,
      PrintStream out,
      PrintStream err,
      BooleanSupplier stop,
      TrainingListener alsoTold) {
    this.stage = stage;
    this.out = out;
    this.err = err;
    this.stop = stop;
    this.alsoTold = alsoTold;
  }

  /** Parses, trains, and says what went wrong if anything did; returns the exit code. */
  int run(String... args) {
    Script script = stage.script();
    CommandLine commandLine = new CommandLine(this);
    commandLine.setCommandName(stage.getClass().getName());
    commandLine
        .getCommandSpec()
        .usageMessage()
        .header("Stage " + script.name() + " of the tutorial: " + script.title() + ".");
    return commandLine
        .registerConverter(DataSource.class, TrainingCommand::dataSource)
        .registerConverter(Activation.class, TrainingCommand::activation)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setParameterExceptionHandler((wrong, unparsed) -> Failure.wrongOption(wrong, err))
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
  public Integer call() throws Exception {
    refuseImpossible(
        iterations != null && (iterations < 0 || iterations > MOST_ITERATIONS),
        "--iterations",
        "0 to " + MOST_ITERATIONS,
        iterations);
    refuseImpossible(batchSize < 1, "--batch-size", "1 or more", batchSize);
    refuseImpossible(
        learningRate != null && !(learningRate > 0 && Float.isFinite(learningRate)),
        "--learning-rate",
        "a number above 0",
        learningRate);
    refuseImpossible(
        keepProbability != null && !(keepProbability > 0 && keepProbability <= 1),
        "--keep-probability",
        "above 0 and at most 1",
        keepProbability);
    if (source == DataSource.SYNTHETIC && dataFolder != null) {
      throw new ParameterException(
          spec.commandLine(), "--data has no use with --dataset synthetic, which draws its images");
    }
    if (noExport && exportFolder != null) {
      throw new ParameterException(
          spec.commandLine(), "--export and --no-export contradict each other");
    }
    if (overwrite && exportFolder == null) {
      throw new ParameterException(spec.commandLine(), "--overwrite has no use without --export");
    }
    try {
      train();
      return CommandLine.ExitCode.OK;
    } catch (IOException
        | TrainingException
        | TensorFlowException
        | LinkageError
        | OutOfMemoryError e) {
      err.println(
          "error: "
              + Failure.inOneLine(e)
              + (e instanceof OutOfMemoryError ? "; try a smaller --batch-size" : ""));
      return CommandLine.ExitCode.SOFTWARE;
    }
  }

  private void train() throws IOException, TrainingException {
    boolean oneDnn = NativeEnvironment.prepare(!noOneDnn);
    if (exportFolder != null) {
      SavedModelFolder.check(exportFolder, overwrite);
    }
    Script ofTheTutorial = stage.script();
    Script script = iterations == null ? ofTheTutorial : ofTheTutorial.withIterations(iterations);
    try (Graph graph = new Graph()) {
      NetworkBuilder net = new NetworkBuilder(graph, choices());
      stage.build(net);
      refuseUnoffered(net);
      Network network = net.network();
      if (graphFile != null) {
        writeGraph(graph.toGraphDef());
      }
      DataSet data = loadData();
      try (TrainingLoop loop =
              NativeEnvironment.withoutChatter(
                  err, () -> new TrainingLoop(script, network, data, batchSize, seed));
          RunRecord record = openRecord(start(script, network, data, oneDnn));
          Console console = new Console(out, err, quiet, script)) {
        Path modelFolder = exportFolder != null ? exportFolder : record.folder().resolve("model");
        Outcome outcome;
        try {
          if (!noExport) {
            // Now that the record is there too: no training whose model cannot be kept.
            SavedModelFolder.check(modelFolder, overwrite);
          }
          console.started(data, record.folder());
          outcome = loop.run(TrainingListener.all(record, console, alsoTold), stop);
          record.end(outcome, data.classNames());
          console.report(outcome, data);
        } catch (TrainingException | IOException | TensorFlowException e) {
          record.fail(Failure.inOneLine(e));
          throw e;
        }
        if (!noExport && outcome.best().isPresent()) {
          export(loop, outcome.best().get(), modelFolder, record, console);
        }
      }
    }
  }

  private void export(
      TrainingLoop loop, Measurement best, Path folder, RunRecord record, Console console)
      throws IOException {
    ModelCard card;
    try {
      card = loop.export(folder, overwrite, best);
    } catch (ModelException e) {
      record.notExported(e.getMessage());
      throw e;
    }
    record.exported(folder, card);
    console.exported(folder, card);
  }

  private RunRecord openRecord(RunRecord.Start start) throws IOException, TrainingException {
    training = true; // from here on there is something to close
    return RunRecord.open(Optional.ofNullable(runFolder), start);
  }

  private Choices choices() {
    return new Choices(
        seed,
        Optional.ofNullable(activation),
        Optional.ofNullable(learningRate),
        Optional.ofNullable(keepProbability));
  }

  private void refuseImpossible(boolean wrong, String option, String expected, Object found) {
    if (wrong) {
      throw new ParameterException(
          spec.commandLine(), option + " must be " + expected + ", found " + found);
    }
  }

  /** An option that the stage's network has no use for is refused, not passed over. */
  private void refuseUnoffered(NetworkBuilder net) {
    refuseUnoffered(activation, net, Choice.ACTIVATION, "--activation");
    refuseUnoffered(learningRate, net, Choice.LEARNING_RATE, "--learning-rate");
    refuseUnoffered(keepProbability, net, Choice.KEEP_PROBABILITY, "--keep-probability");
  }

  private void refuseUnoffered(Object chosen, NetworkBuilder net, Choice choice, String option) {
    if (chosen != null && !net.offers(choice)) {
      throw new ParameterException(
          spec.commandLine(), option + " has no use in stage " + stage.script().name());
    }
  }

  private void writeGraph(GraphDef definition) throws IOException, TrainingException {
    byte[] content =
        graphFile.toString().endsWith(".pbtxt")
            ? definition.toString().getBytes(StandardCharsets.UTF_8)
            : definition.toByteArray();
    try {
      Files.write(graphFile, content, StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new TrainingException(graphFile + " exists already, and is not overwritten");
    }
  }

  private DataSet loadData() throws IOException {
    try (DataConsole listener = new DataConsole(err)) {
      return DataSets.ofThisProject(listener).open(source, Optional.ofNullable(dataFolder));
    }
  }

  private RunRecord.Start start(Script script, Network network, DataSet data, boolean oneDnn) {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("dataset", source.toString());
    options.put("iterations", script.iterations());
    options.put("batch_size", batchSize);
    options.put("seed", seed);
    options.put(
        "learning_rate",
        network.constantLearningRate().<Object>map(rate -> rate).orElse("decaying"));
    network
        .activation()
        .ifPresent(f -> options.put("activation", f.name().toLowerCase(Locale.ROOT)));
    network.keepProbability().ifPresent(p -> options.put("keep_probability", p));
    return new RunRecord.Start(
        script.name(),
        script.title(),
        options,
        RunRecord.Data.of(data),
        Versions.all(),
        Versions.platform(oneDnn));
  }
}
