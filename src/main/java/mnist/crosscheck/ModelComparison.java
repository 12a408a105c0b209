package mnist.crosscheck;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import mnist.data.LabelledImages;
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.model.Prediction;
import mnist.training.Stage;

/**
 * The models of one stage, used in both languages.
 *
 * @param asked the first so many test images are what all ways of using a model are asked about
 * @param bestAccuracy the best test accuracy of the run that left Java's model
 * @param accuracy of Java's model, loaded in Java, on the whole test set
 * @param inPython the probabilities of Java's model, Java against Python
 * @param served the same, as the server answers them over HTTP
 * @param bytesEqual whether in Python the signature {@code bytes} gives the same bits
 * @param commandLineDifference the largest difference that saved_model_cli makes
 * @param tfliteAgree for how many images the model says the same class after its conversion to
 *     TFLite
 * @param inJava the probabilities of Python's model, Java against Python, on the whole test set
 */
public record ModelComparison(
    int asked,
    float bestAccuracy,
    float accuracy,
    Difference inPython,
    Difference served,
    boolean bytesEqual,
    double commandLineDifference,
    int tfliteAgree,
    Difference inJava) {
  /** Above the rows. */
  public static final String HEADING =
      """
      stage  Java's:  run's   in Python  served,    as bytes   saved_     TFLite: same   Python's:
             accuracy best               to Python  in Python  model_cli  class of       in Java""";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BATCH = 1000;

  /**
   * Probabilities are equal to the bit wherever both TensorFlow versions have the same kernels;
   * measured where they have not: 6e-8, the last bit of a number near 1, and 8e-7 for convolutions
   * by oneDNN on a processor without AVX-512.
   */
  private static final double PROBABILITY_BOUND = 2e-6;

  /** TFLite has kernels of its own: one image may tip over. */
  private static final int TFLITE_MAY_DIFFER = 1;

  /** Whether everything is equal that must be, and the rest within its bound. */
  public boolean withinBounds() {
    return accuracy == bestAccuracy
        && inPython.largest() <= PROBABILITY_BOUND
        && served.equals(inPython)
        && bytesEqual
        && commandLineDifference <= PROBABILITY_BOUND
        && tfliteAgree >= asked - TFLITE_MAY_DIFFER
        && inJava.largest() <= PROBABILITY_BOUND;
  }

  /** A row of the table. */
  public String row(Stage stage) {
    return String.format(
        Locale.ROOT,
        "%5s  %-7s  %-6s  %-9s  %-9s  %-9s  %-9s  %,-13d  %s",
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
   * @param javasModel what the Java program exported
   * @param used the folder that models.py filled
   * @param place of Java's model among those that models.py was given, from 0
   * @param pythonsRun the folder of the Python run, with its model and what it said itself
   * @param test images, all of them
   * @param asked how many of them models.py was given
   * @throws CrossCheckException if there are not as many probabilities on both sides
   */
  public static ModelComparison of(
      Path javasModel, Path used, int place, Path pythonsRun, LabelledImages test, int asked)
      throws CrossCheckException, IOException, InterruptedException {
    JsonNode found = JSON.readTree(used.resolve("models.json").toFile()).path(place);
    float[] here;
    ModelCard card;
    try (Model model = Model.load(javasModel)) {
      card = model.card().orElseThrow();
      here = probabilities(model, test);
    }
    float[] python = ReferenceRun.readFloats(used.resolve(place + ".f32"));
    float[] pythonsHere;
    try (Model model = Model.load(pythonsRun.resolve("model"))) {
      pythonsHere = probabilities(model, test);
    }
    return new ModelComparison(
        asked,
        card.testAccuracy(),
        accuracy(here, test),
        Difference.between(
            "probabilities", Arrays.copyOf(here, asked * LabelledImages.CLASSES), python),
        Difference.between(
            "probabilities", ServedProbabilities.of(javasModel, test.first(asked), BATCH), python),
        found.path("bytes_equal").asBoolean(),
        found.path("command_line_difference").asDouble(Double.NaN),
        found.path("tflite_agree").asInt(),
        Difference.between(
            "probabilities",
            pythonsHere,
            ReferenceRun.readFloats(pythonsRun.resolve("probabilities.f32"))));
  }

  private static float[] probabilities(Model model, LabelledImages images) {
    FloatBuffer all = FloatBuffer.allocate(images.count() * LabelledImages.CLASSES);
    for (int from = 0; from < images.count(); from += BATCH) {
      all.put(model.probabilities(images.grey(from, Math.min(BATCH, images.count() - from))));
    }
    return all.array();
  }

  private static float accuracy(float[] probabilities, LabelledImages images) {
    int correct = 0;
    for (int i = 0; i < images.count(); i++) {
      int from = i * LabelledImages.CLASSES;
      Prediction prediction =
          new Prediction(Arrays.copyOfRange(probabilities, from, from + LabelledImages.CLASSES));
      if (prediction.best() == images.labels()[i]) {
        correct++;
      }
    }
    return (float) correct / images.count();
  }
}
