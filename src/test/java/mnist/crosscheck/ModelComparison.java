package mnist.crosscheck;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import mnist.data.LabeledImages;
import mnist.model.Model;
import mnist.model.Prediction;
import mnist.platform.Json;
import mnist.training.Stage;

/**
 * The models of one stage, used in both languages.
 *
 * @param images how many test images, from the first, are classified in Python and over HTTP
 * @param bestAccuracy the best test accuracy of the run that exported Java's model
 * @param accuracy of Java's model, loaded in Java, on the whole test set
 * @param inPython the probabilities of Java's model, Java against Python
 * @param served the same, with the server's responses instead of Java's
 * @param bytesEqual whether in Python the signature {@code bytes} returns the same bits
 * @param commandLineDifference the largest difference in the output of saved_model_cli
 * @param tfliteAgree for how many images the model converted to TFLite predicts the same class
 * @param inJava the probabilities of Python's model, Java against Python, on the whole test set
 */
public record ModelComparison(
    int images,
    float bestAccuracy,
    float accuracy,
    Difference inPython,
    Difference served,
    boolean bytesEqual,
    double commandLineDifference,
    int tfliteAgree,
    Difference inJava) {
  /** The heading of the table, in Markdown. */
  public static final String HEADING =
      """
      | stage | Java's model | its run's best | in Python | served  | as bytes | saved_model_cli | TFLite: same class | Python's model in Java |
      |-------|--------------|----------------|-----------|---------|----------|-----------------|--------------------|------------------------|""";

  private static final int BATCH = 1000;

  /**
   * Probabilities are equal to the bit wherever both TensorFlow versions have the same kernels.
   * Measured where they do not: 6e-8, the last bit of a number near 1, and 8e-7 for oneDNN's
   * convolutions on a processor without AVX-512.
   */
  private static final double PROBABILITY_BOUND = 2e-6;

  /** TFLite has its own kernels, which may change the class of a borderline image. */
  private static final int MAX_TFLITE_DIFFERENCES = 1;

  /** Whether every value is equal or within its bound. */
  public boolean withinBounds() {
    return accuracy == bestAccuracy
        && inPython.largest() <= PROBABILITY_BOUND
        && served.equals(inPython)
        && bytesEqual
        && commandLineDifference <= PROBABILITY_BOUND
        && tfliteAgree >= images - MAX_TFLITE_DIFFERENCES
        && inJava.largest() <= PROBABILITY_BOUND;
  }

  /** A row of the table. */
  public String row(Stage stage) {
    return String.format(
        Locale.ROOT,
        "| %-5s | %-12s | %-14s | %-9s | %-7s | %-8s | %-15s | %,-18d | %-22s |",
        stage.name(),
        accuracy,
        bestAccuracy,
        inPython,
        served,
        bytesEqual ? "equal" : "differs",
        commandLineDifference == 0
            ? "equal"
            : String.format(Locale.ROOT, "%.1e", commandLineDifference),
        tfliteAgree,
        inJava);
  }

  /**
   * Uses both models in Java and compares.
   *
   * @param javaModel the model that the Java program exported
   * @param results the output folder of models.py
   * @param index of Java's model among those given to models.py, from 0
   * @param pythonRun the folder of the Python run, with its model and that model's probabilities
   * @param test the whole test set
   * @param images how many of its images models.py classified
   * @throws CrossCheckException if the numbers of probabilities differ
   */
  public static ModelComparison of(
      Path javaModel, Path results, int index, Path pythonRun, LabeledImages test, int images)
      throws CrossCheckException, IOException, InterruptedException {
    JsonNode python = Json.MAPPER.readTree(results.resolve("models.json").toFile()).path(index);
    float[] inPython = ReferenceRun.readFloats(results.resolve(index + ".f32"));
    float[] inJava = probabilities(javaModel, test);
    return new ModelComparison(
        images,
        Model.readCard(javaModel).orElseThrow().testAccuracy(),
        accuracy(inJava, test),
        Difference.between(
            "probabilities", Arrays.copyOf(inJava, images * LabeledImages.CLASSES), inPython),
        Difference.between(
            "probabilities",
            ServedProbabilities.of(javaModel, test.first(images), BATCH),
            inPython),
        python.path("bytes_equal").asBoolean(),
        python.path("command_line_difference").asDouble(Double.NaN),
        python.path("tflite_agree").asInt(),
        Difference.between(
            "probabilities",
            probabilities(pythonRun.resolve("model"), test),
            ReferenceRun.readFloats(pythonRun.resolve("probabilities.f32"))));
  }

  private static float[] probabilities(Path folder, LabeledImages images) throws IOException {
    FloatBuffer all = FloatBuffer.allocate(images.count() * LabeledImages.CLASSES);
    try (Model model = Model.load(folder)) {
      for (int from = 0; from < images.count(); from += BATCH) {
        all.put(
            model.probabilities(images.normalize(from, Math.min(BATCH, images.count() - from))));
      }
    }
    return all.array();
  }

  private static float accuracy(float[] probabilities, LabeledImages images) {
    List<Prediction> predictions = Prediction.listOf(probabilities);
    long correct =
        IntStream.range(0, images.count())
            .filter(i -> predictions.get(i).best() == images.labels()[i])
            .count();
    return (float) correct / images.count();
  }
}
