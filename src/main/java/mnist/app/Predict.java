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
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import mnist.console.CliErrors;
import mnist.data.ConfusionMatrix;
import mnist.data.DataSet;
import mnist.data.LabelledImages;
import mnist.images.ImageInput;
import mnist.images.NamedImage;
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.model.Prediction;
import mnist.platform.ErrorMessages;
import mnist.platform.NativeEnvironment;
import mnist.platform.Versions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says which digit a picture shows, by the model that a stage has left. */
@Command(
    name = "mnist.app.Predict",
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = "Says which digit each picture shows.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every image was read",
      "1:something could not be read; a line on standard error says what",
      "2:a wrong option"
    })
public final class Predict implements Callable<Integer> {
  private static final String STANDARD_INPUT = "-";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the terminal is told in; Java itself would use UTF-8 from version 18 on. */
  private static final Charset TERMINAL =
      Charset.forName(
          System.getProperty("stdout.encoding", System.getProperty("native.encoding", "UTF-8")));

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder of a SavedModel, such as runs/<stage>-<date>-<time>/model.")
  private Path modelFolder;

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description =
          "Pictures (PNG, JPEG, GIF, BMP), IDX files of images, JSON lines {\"image\": [[28 numbers]"
              + " 28 times]}, or folders of these; - for standard input.")
  private List<String> inputs;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description =
          "IDX file with the right answer for each image, in their order: prints the accuracy and"
              + " what was taken for what.")
  private Path labelsFile;

  @Option(names = "--json", description = "Print JSON, one object a line.")
  private boolean json;

  @Option(names = "--show", description = "Show what the network sees, in block characters.")
  private boolean show;

  @Option(
      names = "--no-onednn",
      description = "Keep to TensorFlow's plain kernels; the last bits differ.")
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
    NativeEnvironment.useOneThread(); // as wherever else a model is asked about many images
    System.exit(run(System.in, new FileOutputStream(FileDescriptor.out), System.err, args));
  }

  /** The program within another one; gives its exit code. */
  static int run(InputStream in, OutputStream out, PrintStream err, String... args) {
    return new CommandLine(new Predict(in, out, err))
        .setParameterExceptionHandler((wrong, unparsed) -> CliErrors.reportWrongOption(wrong, err))
        .execute(args);
  }

  @Override
  public Integer call() {
    if (json && show) {
      throw new ParameterException(spec.commandLine(), "--show has no use with --json");
    }
    try {
      NativeEnvironment.load(!noOneDnn);
      byte[] labels = labelsFile == null ? null : ImageInput.labels(labelsFile);
      try (Model model = Model.load(modelFolder)) {
        Answers answers = new Answers(model, labels);
        for (String input : inputs) {
          read(input, answers);
        }
        answers.end();
        return answers.refused == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
      }
    } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
      // A model from elsewhere may fail in any way.
      return CliErrors.report(e, err);
    }
  }

  private void read(String input, Answers answers) {
    if (input.equals(STANDARD_INPUT)) {
      ImageInput.read(standardInput, STANDARD_INPUT, answers);
      return;
    }
    try {
      Path path = Path.of(input);
      if (Files.isDirectory(path)) {
        filesIn(path).forEach(file -> ImageInput.read(file, answers));
      } else {
        ImageInput.read(path, answers);
      }
    } catch (InvalidPathException e) {
      answers.refused(input + " is no name that a file can have here");
    } catch (IOException e) {
      answers.refused(ErrorMessages.summarize(e));
    }
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      List<Path> files = content.filter(file -> !Files.isDirectory(file)).sorted().toList();
      if (files.isEmpty()) {
        throw new IOException(folder + " holds no files, expected some with images");
      }
      return files;
    }
  }

  /** Asks the model about images as they come, in batches, and prints what it says. */
  private final class Answers implements ImageInput.Listener {
    private final Model model;
    private final byte[] labels;
    private final List<String> classNames;
    private final List<NamedImage> asked = new ArrayList<>();
    private final List<Integer> said = new ArrayList<>();
    private final PrintStream out =
        new PrintStream(
            new BufferedOutputStream(standardOutput, 1 << 16),
            false,
            json ? StandardCharsets.UTF_8 : TERMINAL);
    private int refused;

    /**
     * @param labels the right answers, null if they are not known
     */
    Answers(Model model, byte[] labels) {
      this.model = model;
      this.labels = labels;
      classNames = model.card().map(ModelCard::classNames).orElse(DataSet.DIGITS);
    }

    @Override
    public void image(NamedImage image) {
      asked.add(image);
      if (asked.size() == Model.BATCH_SIZE) {
        answer();
      }
    }

    @Override
    public void pause() {
      answer();
    }

    @Override
    public void refused(String reason) {
      answer(); // in the order of the images
      flush();
      err.println("error: " + reason);
      refused++;
    }

    private void answer() {
      if (asked.isEmpty()) {
        return;
      }
      float[] pixels = new float[asked.size() * LabelledImages.PIXELS];
      for (int i = 0; i < asked.size(); i++) {
        System.arraycopy(
            asked.get(i).pixels(), 0, pixels, i * LabelledImages.PIXELS, LabelledImages.PIXELS);
      }
      List<Prediction> predictions = Prediction.listOf(model.batchInvariantProbabilities(pixels));
      List<NamedImage> answered = List.copyOf(asked);
      asked.clear();
      for (int i = 0; i < answered.size(); i++) {
        if (predictions.get(i).isValid()) {
          print(answered.get(i), predictions.get(i));
          said.add(predictions.get(i).best());
        } else {
          refused(answered.get(i).name() + ": the model's answer is no probabilities");
        }
      }
      flush();
    }

    private void flush() {
      if (out.checkError()) { // which flushes too
        throw new IllegalStateException("standard output is closed or full");
      }
    }

    private void print(NamedImage image, Prediction prediction) {
      int best = prediction.best();
      int next = prediction.secondBest();
      if (show) {
        out.print(blocks(image.pixels()));
      }
      if (json) {
        Map<String, Object> line = prediction.toJson(image.name(), classNames);
        // Behind an image that could not be read it is unsure which label belongs to which.
        if (labels != null && refused == 0 && said.size() < labels.length) {
          line.put("label", labels[said.size()]);
        }
        printJson(line);
      } else if (labels == null || show) {
        out.printf(
            Locale.ROOT,
            "%s: %s (%.2f%%), next %s (%.2f%%)%n",
            image.name(),
            classNames.get(best),
            100 * prediction.probabilities()[best],
            classNames.get(next),
            100 * prediction.probabilities()[next]);
      }
    }

    private void printJson(Map<String, Object> line) {
      try {
        out.println(JSON.writeValueAsString(line));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("numbers and text become JSON", e);
      }
    }

    /** Answers what is left; with labels, says how many were recognised. */
    void end() {
      answer();
      if (labels == null) {
        return;
      }
      if (said.isEmpty() || said.size() != labels.length) {
        refused(
            "%s has %d labels for %d images, expected as many of both"
                .formatted(labelsFile, labels.length, said.size()));
        return;
      }
      ConfusionMatrix confusion =
          ConfusionMatrix.of(labels, said.stream().mapToInt(Integer::intValue).toArray());
      int correct = confusion.correct();
      double accuracy = (double) correct / labels.length;
      if (json) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("images", labels.length);
        line.put("correct", correct);
        line.put("accuracy", accuracy);
        line.put("confusion", confusion.counts());
        printJson(line);
      } else {
        out.printf(
            Locale.ROOT,
            "%,d of %,d images recognised: %.2f%%%n",
            correct,
            labels.length,
            100 * accuracy);
        out.println("Rows are right answers, columns what the network says");
        out.print(confusion.toText(classNames));
      }
      flush();
    }
  }

  /** An image as text, two characters a pixel. */
  private static String blocks(float[] pixels) {
    String shades = TERMINAL.newEncoder().canEncode('█') ? " ░▒▓█" : " .:*#";
    StringBuilder text = new StringBuilder();
    for (int y = 0; y < LabelledImages.SIDE; y++) {
      for (int x = 0; x < LabelledImages.SIDE; x++) {
        float grey = pixels[y * LabelledImages.SIDE + x];
        char shade = shades.charAt(Math.min(4, (int) Math.ceil(grey * 4)));
        text.append(shade).append(shade);
      }
      text.append('\n');
    }
    return text.toString();
  }
}
