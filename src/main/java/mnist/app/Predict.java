package mnist.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import mnist.console.CommandLines;
import mnist.data.ConfusionMatrix;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.data.sources.IdxFile;
import mnist.images.ImageInput;
import mnist.images.NamedImage;
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.model.Prediction;
import mnist.platform.ErrorMessages;
import mnist.platform.NativeEnvironment;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import org.tensorflow.exceptions.TensorFlowException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Classifies pictures with the model of a run. */
@Command(
    name = "java -jar mnist.jar predict",
    description = "Prints which digit each picture shows.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every image was classified",
      "1:failure, or unreadable images; each is explained in one line on standard error",
      "2:wrong option"
    })
public final class Predict implements Callable<Integer> {
  private static final String STANDARD_INPUT = "-";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The encoding of standard output, for which Java itself uses UTF-8 from version 18 on. */
  private static final Charset TERMINAL =
      Charset.forName(
          System.getProperty("stdout.encoding", System.getProperty("native.encoding", "UTF-8")));

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder of a SavedModel or of a run. Default: the newest run's model")
  private Path model;

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description =
          "Pictures (PNG, JPEG, GIF, BMP), IDX files of images, JSON lines"
              + " {\"image\": [[28 numbers] 28 times]}, or folders of these; - is standard input.")
  private List<String> inputs;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description =
          "IDX file with the images' labels, in the same order: prints the accuracy and the confusion"
              + " matrix.")
  private Path labelsFile;

  @Option(names = "--json", description = "Print one JSON object per line.")
  private boolean json;

  @Option(
      names = "--show",
      description = "Also print each image as the network sees it, in block characters.")
  private boolean show;

  @Option(
      names = "--no-onednn",
      description = "Use TensorFlow's own kernels; results differ in the last bits.")
  private boolean noOneDnn;

  private final InputStream standardInput;
  private final OutputStream standardOutput;
  private final PrintStream err;

  private Predict(InputStream standardInput, OutputStream standardOutput, PrintStream err) {
    this.standardInput = standardInput;
    this.standardOutput = standardOutput;
    this.err = err;
  }

  public static void main(String[] args) {
    NativeEnvironment.useOneThread(); // so that results do not depend on the number of processors
    System.exit(run(System.in, new FileOutputStream(FileDescriptor.out), System.err, args));
  }

  /** Runs the program in this process; returns its exit code. */
  static int run(InputStream in, OutputStream out, PrintStream err, String... args) {
    return CommandLines.create(new Predict(in, out, err), new PrintStream(out, true), err)
        .execute(args);
  }

  @Override
  public Integer call() throws IOException {
    if (json && show) {
      throw new ParameterException(spec.commandLine(), "--show and --json cannot be combined");
    }
    byte[] labels = labelsFile == null ? null : IdxFile.readLabels(labelsFile).content();
    Path folder = modelFolder();
    NativeEnvironment.load(!noOneDnn);
    try (Model loaded = Model.load(folder)) {
      Predictions predictions = new Predictions(loaded, labels);
      for (String input : inputs) {
        read(input, predictions);
      }
      predictions.end();
      return predictions.refused == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
  }

  private Path modelFolder() throws IOException {
    if (model == null) {
      return new RunFolders(Path.of(RunFolders.DEFAULT), err::println).newestModel();
    }
    RunFolder run = new RunFolder(model);
    return run.hasModel() ? run.model() : model;
  }

  private void read(String input, Predictions predictions) {
    if (input.equals(STANDARD_INPUT)) {
      ImageInput.read(standardInput, STANDARD_INPUT, predictions);
      return;
    }
    try {
      Path path = Path.of(input);
      if (Files.isDirectory(path)) {
        filesIn(path).forEach(file -> ImageInput.read(file, predictions));
      } else {
        ImageInput.read(path, predictions);
      }
    } catch (InvalidPathException e) {
      predictions.onError(input + " is not a valid file name on this system");
    } catch (IOException e) {
      predictions.onError(ErrorMessages.summarize(e));
    }
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      List<Path> files =
          content.filter(file -> !Files.isDirectory(file) && !isHidden(file)).sorted().toList();
      if (files.isEmpty()) {
        throw new IOException(
            folder + " is empty or has hidden files only, expected files with images");
      }
      return files;
    }
  }

  /** Whether it is hidden here, or elsewhere: a Mac leaves ._x.png for x.png on other disks. */
  static boolean isHidden(Path file) {
    return file.toFile().isHidden() || file.getFileName().toString().startsWith(".");
  }

  /** Classifies images as they come, in batches, and prints the predictions. */
  private final class Predictions implements ImageInput.Listener {
    private final Model model;
    private final byte[] labels;
    private final List<String> classNames;
    private final List<NamedImage> pending = new ArrayList<>();
    private final List<Integer> predicted = new ArrayList<>();
    private final PrintStream out =
        new PrintStream(
            new BufferedOutputStream(standardOutput, 1 << 16),
            false,
            json ? StandardCharsets.UTF_8 : TERMINAL);
    private int refused;

    /**
     * @param labels the images' labels, null if they are not known
     */
    Predictions(Model model, byte[] labels) {
      this.model = model;
      this.labels = labels;
      classNames = model.card().map(ModelCard::classNames).orElse(DataSet.DIGITS);
    }

    @Override
    public void onImage(NamedImage image) {
      pending.add(image);
      if (pending.size() == Model.BATCH_SIZE) {
        flushBatch();
      }
    }

    @Override
    public void onPause() {
      flushBatch();
    }

    @Override
    public void onError(String reason) {
      flushBatch(); // in the order of the images
      flush();
      err.println("error: " + reason);
      refused++;
    }

    private void flushBatch() {
      if (pending.isEmpty()) {
        return;
      }
      float[] pixels = new float[pending.size() * LabeledImages.PIXELS];
      for (int i = 0; i < pending.size(); i++) {
        System.arraycopy(
            pending.get(i).pixels(), 0, pixels, i * LabeledImages.PIXELS, LabeledImages.PIXELS);
      }
      List<Prediction> predictions = Prediction.listOf(probabilities(pixels));
      List<NamedImage> images = List.copyOf(pending);
      pending.clear();
      for (int i = 0; i < images.size(); i++) {
        if (predictions.get(i).isValid()) {
          print(images.get(i), predictions.get(i));
          predicted.add(predictions.get(i).best());
        } else {
          onError(images.get(i).name() + ": the model's output is not probabilities");
        }
      }
      flush();
    }

    /** A model from elsewhere may fail, or return another shape than its signature says. */
    private float[] probabilities(float[] pixels) {
      try {
        return model.batchInvariantProbabilities(pixels);
      } catch (TensorFlowException | IllegalStateException e) {
        throw new UncheckedIOException(
            new IOException("the model failed: " + ErrorMessages.summarize(e), e));
      }
    }

    private void flush() {
      if (out.checkError()) { // which flushes too
        throw new UncheckedIOException(new IOException("standard output is closed or full"));
      }
    }

    private void print(NamedImage image, Prediction prediction) {
      int best = prediction.best();
      int next = prediction.secondBest();
      if (show) {
        out.print(blocks(image.pixels()));
      }
      if (json) {
        Map<String, Object> line = prediction.toJson(image.name(), classNames, image.warnings());
        // After an unreadable image it is uncertain which label belongs to which image.
        if (labels != null && refused == 0 && predicted.size() < labels.length) {
          line.put("label", labels[predicted.size()]);
        }
        printJson(line);
      } else if (labels == null || show) {
        out.printf(
            Locale.ROOT,
            "%s: %s (%.2f%%), next %s (%.2f%%)%s%n",
            image.name(),
            classNames.get(best),
            100 * prediction.probabilities()[best],
            classNames.get(next),
            100 * prediction.probabilities()[next],
            image.warnings().isEmpty() ? "" : "; warning: " + String.join(", ", image.warnings()));
      }
    }

    private void printJson(Object line) {
      try {
        out.println(JSON.writeValueAsString(line));
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Classifies the remaining images; with labels, prints the accuracy. */
    void end() {
      flushBatch();
      if (labels == null) {
        return;
      }
      if (predicted.isEmpty() || predicted.size() != labels.length) {
        onError(
            "%s has %d labels, expected one for each of %d images"
                .formatted(labelsFile, labels.length, predicted.size()));
        return;
      }
      ConfusionMatrix confusion =
          ConfusionMatrix.of(labels, predicted.stream().mapToInt(Integer::intValue).toArray());
      int correct = confusion.correct();
      double accuracy = (double) correct / labels.length;
      if (json) {
        record Total(int images, int correct, double accuracy, int[][] confusion) {}
        printJson(new Total(labels.length, correct, accuracy, confusion.counts()));
      } else {
        out.printf(
            Locale.ROOT,
            "%,d of %,d images classified correctly: %.2f%%%n",
            correct,
            labels.length,
            100 * accuracy);
        out.println("Confusion matrix (rows: labels, columns: predictions)");
        out.print(confusion.toText(classNames));
      }
      flush();
    }
  }

  /** An image as text, two characters per pixel. */
  private static String blocks(float[] pixels) {
    String shades = TERMINAL.newEncoder().canEncode('█') ? " ░▒▓█" : " .:*#";
    StringBuilder text = new StringBuilder();
    for (int y = 0; y < LabeledImages.SIDE; y++) {
      for (int x = 0; x < LabeledImages.SIDE; x++) {
        float intensity = pixels[y * LabeledImages.SIDE + x];
        char shade = shades.charAt(Math.min(4, (int) Math.ceil(intensity * 4)));
        text.append(shade).append(shade);
      }
      text.append('\n');
    }
    return text.toString();
  }
}
