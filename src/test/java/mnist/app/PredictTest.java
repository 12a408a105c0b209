package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import mnist.Stages;
import mnist.TestData;
import mnist.app.Program.Run;
import mnist.data.DataSet;
import mnist.model.ModelCard;
import mnist.model.SavedModelFolder;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mnist.app.Predict} from the outside, with the model of a run. */
class PredictTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path PICTURES =
      Path.of("src", "test", "resources", "mnist", "pictures").toAbsolutePath();

  @TempDir static Path trained;
  private static Path digits;
  private static String model;
  private static double bestAccuracy;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws Exception {
    digits = Path.of(TestData.drawnDigits().source());
    Path run = trained.resolve("runs/one");
    int exitCode =
        Training.run(
            Stages.named("2.1"),
            new TrainingListener() {},
            new PrintStream(OutputStream.nullOutputStream()),
            System.err,
            "--data=" + digits,
            "--iterations=400",
            "--run-dir=" + run);
    assertThat(exitCode).isZero();
    model = run.resolve("model").toString();
    bestAccuracy =
        JSON.readTree(run.resolve("run.json").toFile())
            .at("/results/best_test/accuracy")
            .asDouble();
  }

  private static Run run(OutputStream out, String... args) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Predict.run(InputStream.nullInputStream(), out, new PrintStream(err, true), args);
    return new Run(exitCode, out.toString(), err.toString());
  }

  private static Run run(String... args) {
    return run(new ByteArrayOutputStream(), args);
  }

  private static Run predict(String... args) {
    return predictWith(model, args);
  }

  private static Run predictWith(String model, String... args) {
    return run(Stream.concat(Stream.of("--model", model), Stream.of(args)).toArray(String[]::new));
  }

  private static List<Path> pictures() throws IOException {
    try (Stream<Path> files = Files.list(PICTURES)) {
      return files.sorted().toList();
    }
  }

  /** In a process of its own, with the newest run's model. */
  @Test
  void classifiesHandMadePicturesAndStandardInput() throws Exception {
    Process process = Program.start(trained, List.of(), "app.Predict", PICTURES.toString(), "-");
    try (OutputStream in = process.getOutputStream()) {
      Files.copy(PICTURES.resolve("0-paint.png"), in);
    }
    Run run = Program.end(trained, process);

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    List<String> lines = run.out().lines().toList();
    List<Path> pictures = pictures();
    assertThat(lines).hasSize(pictures.size() + 1).last().asString().startsWith("-: ");
    int correct = 0;
    for (int i = 0; i < pictures.size(); i++) {
      assertThat(lines.get(i))
          .startsWith(pictures.get(i) + ": ")
          .containsPattern(": \\d \\(\\d+\\.\\d\\d%\\), next \\d \\(\\d+\\.\\d\\d%\\)$");
      String digit = pictures.get(i).getFileName().toString().substring(0, 1);
      correct += lines.get(i).contains(": " + digit + " (") ? 1 : 0;
    }
    assertThat(correct)
        .isGreaterThanOrEqualTo(14); // of 16; all on the processor this was written on
  }

  @Test
  void reproducesTheTestAccuracyOfTheRun() throws Exception {
    String images = digits.resolve("t10k-images-idx3-ubyte").toString();
    String labels = digits.resolve("t10k-labels-idx1-ubyte").toString();

    Run text = predict("--labels", labels, images);
    assertThat(text.exitCode()).isZero();
    assertThat(text.out())
        .startsWith(
            String.format(
                Locale.ROOT,
                "%,d of 10,000 images classified correctly: %.2f%%%n",
                Math.round(bestAccuracy * 10_000),
                100 * bestAccuracy))
        .contains("rows: labels")
        .hasLineCount(13);

    Run json = predict("--json", "--labels", labels, images);
    List<String> lines = json.out().lines().toList();
    assertThat(lines).hasSize(10_001);
    int correct = 0;
    for (String line : lines.subList(0, 10_000)) {
      JsonNode answer = JSON.readTree(line);
      correct += answer.get("class").asInt() == answer.get("label").asInt() ? 1 : 0;
    }
    JsonNode summary = JSON.readTree(lines.get(10_000));
    assertThat(summary.get("correct").asInt()).isEqualTo(correct);
    assertThat(summary.get("accuracy").asDouble()).isCloseTo(bestAccuracy, within(1e-7));
    assertThat(summary.get("confusion")).hasSize(10);
  }

  @Test
  void jsonHasAllProbabilities() throws Exception {
    Run run = predict("--json", PICTURES.resolve("0-paint.png").toString());
    JsonNode answer = JSON.readTree(run.out());
    assertThat(answer.get("image").asText()).endsWith("0-paint.png");
    assertThat(answer.get("probabilities")).hasSize(10);
    int best = answer.get("class").asInt();
    assertThat(answer.get("name").asText()).isEqualTo(String.valueOf(best));
    double sum = 0;
    for (JsonNode probability : answer.get("probabilities")) {
      sum += probability.asDouble();
      assertThat(probability.asDouble()).isLessThanOrEqualTo(answer.get("probability").asDouble());
    }
    assertThat(answer.get("probabilities").get(best)).isEqualTo(answer.get("probability"));
    assertThat(sum).isCloseTo(1, within(1e-5));
  }

  @Test
  void showsWhatTheNetworkSees() throws Exception {
    Run run = predict("--show", PICTURES.resolve("1-one-pixel-pen.png").toString());
    List<String> lines = run.out().lines().toList();
    assertThat(lines).hasSize(29);
    assertThat(lines.subList(0, 28)).allMatch(line -> line.length() == 56);
    assertThat(lines.get(0)).isBlank();
    assertThat(lines.get(14).substring(20, 36)).containsPattern("[█#]");
  }

  @Test
  void reportsBadInputAndContinues() throws Exception {
    Path input = Files.createDirectory(folder.resolve("input"));
    byte[] good = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    Files.write(input.resolve("1-good.png"), good);
    Files.write(input.resolve("2-cut.png"), Arrays.copyOf(good, good.length / 2));
    Files.createFile(input.resolve("3-empty.png"));
    Files.writeString(input.resolve("4-text.png"), "hello");
    String zeros = Collections.nCopies(28, Collections.nCopies(28, 0)).toString();
    Files.writeString(
        input.resolve("5-lines.json"),
        "{\"image\": " + zeros + "}\n{\"image\": " + zeros.replaceFirst("0", "1") + "}\n");
    Files.write(input.resolve("6-good.png"), good);
    Path empty = Files.createDirectory(folder.resolve("empty"));

    Run run = predict(input.toString(), folder + "/nothing.png", empty.toString());

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out().lines())
        .extracting(line -> line.substring(input.toString().length() + 1, line.indexOf(": ")))
        .containsExactly("1-good.png", "5-lines.json:2", "6-good.png");
    List<String> errors = run.err().lines().toList();
    assertThat(errors).hasSize(6).allMatch(line -> line.startsWith("error: "));
    assertThat(errors.get(0)).contains("2-cut.png", "damaged");
    assertThat(errors.get(1)).contains("3-empty.png is empty");
    assertThat(errors.get(2)).contains("4-text.png is not an image");
    assertThat(errors.get(3)).contains("5-lines.json:1", "blank");
    assertThat(errors.get(4)).contains("nothing.png: no such file");
    assertThat(errors.get(5)).contains(empty + " is empty");
  }

  @Test
  void leavesOutHiddenFilesThatAreNotNamed() throws Exception {
    Path input = Files.createDirectory(folder.resolve("input"));
    Path picture = PICTURES.resolve("0-paint.png");
    Files.copy(picture, input.resolve("a.png"));
    Files.writeString(input.resolve("._a.png"), "what a Mac leaves on other disks");
    Path named = Files.copy(picture, folder.resolve(".hidden.png"));

    Run run = predict(input.toString(), named.toString());

    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines())
        .extracting(line -> line.substring(0, line.indexOf(": ")))
        .containsExactly(input.resolve("a.png").toString(), named.toString());
  }

  @Test
  void warnsBesideTheAnswer() throws Exception {
    BufferedImage two = new BufferedImage(200, 100, BufferedImage.TYPE_BYTE_GRAY);
    two.createGraphics().fillRect(40, 10, 15, 80);
    two.createGraphics().fillRect(140, 10, 15, 80);
    Path picture = folder.resolve("two.png");
    ImageIO.write(two, "png", picture.toFile());
    String warning = "there is more than one thing in the picture";

    Run text = predict(picture.toString());
    assertThat(text.exitCode()).isZero();
    assertThat(text.out()).endsWith("%); warning: " + warning + System.lineSeparator());
    JsonNode answer = JSON.readTree(predict("--json", picture.toString()).out());
    assertThat(answer.at("/warnings")).singleElement().asString().contains(warning);
    String good = PICTURES.resolve("0-paint.png").toString();
    assertThat(JSON.readTree(predict("--json", good).out()).has("warnings")).isFalse();
  }

  @Test
  void requiresOneLabelPerImage() throws Exception {
    String labels = digits.resolve("t10k-labels-idx1-ubyte").toString();
    Run run = predict("--labels", labels, PICTURES.resolve("0-paint.png").toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .hasLineCount(1)
        .contains("has 10000 labels, expected one for each of 1 images");

    Run wrongFile = predict("--labels", PICTURES.resolve("0-paint.png").toString(), "x.png");
    assertThat(wrongFile.exitCode()).isEqualTo(1);
    assertThat(wrongFile.err()).hasLineCount(1).contains("expected 0x00000801");
  }

  @Test
  void acceptsTheFolderOfARun() throws Exception {
    String picture = PICTURES.resolve("0-paint.png").toString();
    Run run = predictWith(trained.resolve("runs/one").toString(), picture);
    assertThat(run.out()).isEqualTo(predict(picture).out()).isNotEmpty();
  }

  @Test
  void reportsAFolderWithoutAModelInOneLine() throws Exception {
    Run run = predictWith(folder.toString(), PICTURES.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains(folder + " is not a SavedModel");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void reportsAModelWhoseOutputIsNotProbabilities() throws Exception {
    float[] weights = new float[7850];
    Arrays.fill(weights, Float.NaN);
    Path broken = folder.resolve("broken");
    try (Network network = Stages.named("1.0").network(0)) {
      SavedModelFolder.write(
          broken,
          false,
          network,
          new Weights(weights),
          new ModelCard("1.0", "", "mnist", 0, 0, "", DataSet.DIGITS, Map.of()));
    }
    Run run = predictWith(broken.toString(), PICTURES.resolve("0-paint.png").toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("the model's output is not probabilities");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void reportsThatStandardOutputIsFull() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("no space left");
          }
        };
    Run run = run(full, "--model", model, PICTURES.resolve("0-paint.png").toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).hasLineCount(1).contains("standard output is closed or full");
  }

  @Test
  void refusesWrongOptions() throws Exception {
    for (String[] args :
        List.of(
            new String[] {},
            new String[] {"--model=x"},
            new String[] {"--model=x", "--show", "--json", "x.png"},
            new String[] {"--model=x", "--size=3", "x.png"})) {
      Run run = run(args);
      assertThat(run.exitCode()).as(String.join(" ", args)).isEqualTo(2);
      assertThat(run.err()).hasLineCount(2).startsWith("error: ").contains("--help");
      assertThat(run.out()).isEmpty();
    }
  }
}
