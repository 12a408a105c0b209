package mnist.model;

import static mnist.data.LabeledImages.CLASSES;
import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;
import static org.tensorflow.ndarray.Shape.UNKNOWN_SIZE;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mnist.data.LabeledImages;
import mnist.platform.Json;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.Signature.TensorDescription;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;

/**
 * A SavedModel that classifies images: one that this project exported, or any other with the
 * signature {@code serving_default}: {@code image} float32 [batch, 28, 28, 1], pixel values 0..1,
 * white digit on black → {@code predictions} float32 [batch, 10], probabilities.
 *
 * <pre>{@code
 * try (Model model = Model.load(Path.of("runs/3.0-20260101-120000/model"))) {
 *   Prediction prediction = model.predict(Picture.read(Path.of("seven.png"))).get(0);
 *   System.out.println(prediction.best());
 * }
 * }</pre>
 *
 * <p>A model may be used by several threads at once.
 *
 * <p>A SavedModel is a program: TensorFlow runs whatever its graph contains, with the rights of
 * this process, including reading, writing and deleting files. Load only models from sources that
 * you trust; the checks here find mistakes, not malice.
 */
public final class Model implements AutoCloseable {
  /**
   * The batch size of {@link #batchInvariantProbabilities}: a multiple of every number of images
   * that a kernel processes together (2, 4, 6, 8, 10, 12, 15, 16 …).
   */
  public static final int BATCH_SIZE = 480;

  private static final long MAX_GRAPH_BYTES = 1 << 28;
  private static final long MAX_CARD_BYTES = 1 << 20;

  /** The activations of the first layer, in all stages. */
  private static final String FIRST_LAYER = "Y1";

  private final SavedModelBundle bundle;
  private final Optional<ModelCard> card;
  private final Output<?> image;
  private final Output<?> predictions;

  private Model(SavedModelBundle bundle, Optional<ModelCard> card, Path folder)
      throws ModelException {
    this.bundle = bundle;
    this.card = card;
    Signature signature = defaultSignature(bundle, folder);
    image = output(folder, signature.getInputs(), "image", UNKNOWN_SIZE, SIDE, SIDE, 1);
    predictions = output(folder, signature.getOutputs(), "predictions", UNKNOWN_SIZE, CLASSES);
  }

  /**
   * Loads a model and runs it once as a check. See the class description on trust.
   *
   * @param folder the one with {@code saved_model.pb}
   * @throws ModelException if it is not a SavedModel, is damaged, or lacks the required signature
   */
  public static Model load(Path folder) throws IOException {
    if (!exists(folder)) {
      Path nested = folder.resolve("model"); // in a run's folder
      throw new ModelException(
          "%s is not a SavedModel: expected a folder with the file %s%s"
              .formatted(
                  folder,
                  SavedModelFolder.GRAPH,
                  exists(nested) ? "; did you mean " + nested + "?" : ""));
    }
    refuseSpecialFiles(folder);
    Optional<ModelCard> card = readCard(folder);
    SavedModelBundle bundle;
    try {
      // Runs on TensorFlow's threads, as in Python. On the caller's thread an image would take some
      // hundredths of a millisecond less, but denormal numbers would not be flushed to 0.
      bundle = SavedModelBundle.load(folder.toString(), SavedModelBundle.DEFAULT_TAG);
    } catch (RuntimeException e) { // not all of TensorFlow's are TensorFlowExceptions
      throw cannotLoad(folder, e);
    }
    try {
      Model model = new Model(bundle, card, folder);
      // Missing weights or additional inputs are only detected when it runs.
      model.probabilities(new float[2 * PIXELS]);
      return model;
    } catch (ModelException e) {
      bundle.close();
      throw e;
    } catch (RuntimeException e) {
      bundle.close();
      throw cannotLoad(folder, e);
    }
  }

  /**
   * TensorFlow waits for ever for a pipe that nobody writes to, and reads whatever size it finds.
   */
  private static void refuseSpecialFiles(Path folder) throws IOException {
    List<Path> files = new ArrayList<>(List.of(folder.resolve(SavedModelFolder.GRAPH)));
    Path variables = folder.resolve(SavedModelFolder.VARIABLES);
    if (Files.isDirectory(variables)) {
      try (Stream<Path> content = Files.list(variables)) {
        content.forEach(files::add);
      }
    }
    for (Path file : files) {
      if (!Files.isRegularFile(file)) {
        throw new ModelException(file + " is not a regular file");
      }
    }
    refuseLarge(files.get(0), MAX_GRAPH_BYTES);
  }

  private static void refuseLarge(Path file, long maxBytes) throws IOException {
    if (Files.size(file) > maxBytes) {
      throw new ModelException(
          "%s has %d bytes, expected at most %d".formatted(file, Files.size(file), maxBytes));
    }
  }

  private static ModelException cannotLoad(Path folder, RuntimeException e) {
    return new ModelException(
        "%s cannot be loaded: %s".formatted(folder, SavedModelFolder.reason(e)), e);
  }

  /** Whether a folder contains a SavedModel, which may still be damaged. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(SavedModelFolder.GRAPH));
  }

  /**
   * Reads a model's card without loading the model; empty if it was not exported by this project.
   *
   * @param folder the one with {@code saved_model.pb}
   * @throws ModelException if the card is damaged
   */
  public static Optional<ModelCard> readCard(Path folder) throws IOException {
    Path file = folder.resolve(SavedModelFolder.CARD);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    if (!Files.isRegularFile(file)) {
      throw new ModelException(file + " is not a regular file");
    }
    refuseLarge(file, MAX_CARD_BYTES);
    try {
      ModelCard card = Json.MAPPER.readValue(Files.readAllBytes(file), ModelCard.class);
      if (card == null || card.classNames() == null || card.classNames().size() != CLASSES) {
        throw new ModelException(file + " does not name 10 classes; export the model again");
      }
      return Optional.of(card);
    } catch (JacksonException e) {
      throw new ModelException(file + " is damaged; export the model again", e);
    }
  }

  private static Signature defaultSignature(SavedModelBundle bundle, Path folder)
      throws ModelException {
    List<Signature> signatures = bundle.signatures();
    List<String> names = signatures.stream().map(Signature::key).toList();
    if (!names.contains(Signature.DEFAULT_KEY)) {
      throw new ModelException(
          "%s has no signature %s; it has %s"
              .formatted(folder, Signature.DEFAULT_KEY, names.isEmpty() ? "none" : names));
    }
    return signatures.get(names.indexOf(Signature.DEFAULT_KEY));
  }

  /** The tensor with this name in the inputs or outputs of the signature. */
  private Output<?> output(
      Path folder, Map<String, TensorDescription> tensors, String name, long... expectedShape)
      throws ModelException {
    Shape expected = Shape.of(expectedShape);
    TensorDescription found = tensors.get(name);
    if (found == null
        || found.dataType != DataType.DT_FLOAT
        || !found.shape.isCompatibleWith(expected)
        || found.shape.get(0) != UNKNOWN_SIZE) {
      throw new ModelException(
          "%s: signature %s has %s, expected %s of %s %s"
              .formatted(
                  folder,
                  Signature.DEFAULT_KEY,
                  found == null
                      ? "no %s but %s".formatted(name, tensors.keySet())
                      : "%s of %s %s".formatted(name, found.dataType, found.shape),
                  name,
                  DataType.DT_FLOAT,
                  expected));
    }
    return bundle.graph().outputOrThrow(found.name);
  }

  /** The model's card; empty if it was not exported by this project. */
  public Optional<ModelCard> card() {
    return card;
  }

  /**
   * Classifies images.
   *
   * @param pixels values 0..1, white digit on black, 784 for each image, row-major, concatenated
   * @return a prediction for each image
   * @throws IllegalArgumentException if these are not one or more images
   */
  public List<Prediction> predict(float... pixels) {
    return Prediction.listOf(probabilities(pixels));
  }

  /**
   * Classifies images with pixel values 0..255, such as those of {@link mnist.images.Picture#read}.
   *
   * @param pixels unsigned bytes, otherwise as in {@link #predict(float...)}
   */
  public List<Prediction> predict(byte[] pixels) {
    return predict(LabeledImages.normalize(pixels));
  }

  /**
   * Computes the probability of each class for each image.
   *
   * @param pixels as in {@link #predict(float...)}
   * @return 10 probabilities for each image, concatenated
   * @throws IllegalArgumentException if these are not one or more images
   * @throws IllegalStateException if the model returns another shape than its signature says
   */
  public float[] probabilities(float... pixels) {
    int count = countImages(pixels);
    try (TFloat32 images = toTensor(count, pixels);
        Result result = bundle.session().runner().feed(image, images).fetch(predictions).run()) {
      Shape shape = result.get(0).shape();
      Shape expected = Shape.of(count, CLASSES);
      if (!shape.equals(expected)) {
        throw new IllegalStateException(
            "the model returns shape %s for %d images, expected %s"
                .formatted(shape, count, expected));
      }
      float[] probabilities = new float[count * CLASSES];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(probabilities);
      return probabilities;
    }
  }

  private static int countImages(float... pixels) {
    if (pixels.length == 0 || pixels.length % PIXELS != 0) {
      throw new IllegalArgumentException(
          "expected %d pixels for each image, found %d".formatted(PIXELS, pixels.length));
    }
    return pixels.length / PIXELS;
  }

  private static TFloat32 toTensor(int images, float... pixels) {
    return TFloat32.tensorOf(Shape.of(images, SIDE, SIDE, 1), DataBuffers.of(pixels, true, false));
  }

  /**
   * Computes the probabilities in batches of {@link #BATCH_SIZE}, the last one padded with black
   * images, so that those of an image do not depend, to the last bit, on the other images.
   *
   * <p>Otherwise the last bits depend on the number of images and on the image's position among
   * them, since kernels process several images together and the remainder differently. With this
   * batch size there is no remainder, as long as a batch is not split among many threads; see
   * {@link mnist.platform.NativeEnvironment#useOneThread}.
   *
   * @param pixels as in {@link #predict(float...)}
   * @return as in {@link #probabilities}
   */
  public float[] batchInvariantProbabilities(float... pixels) {
    int count = countImages(pixels);
    float[] probabilities = new float[count * CLASSES];
    for (int from = 0; from < count; from += BATCH_SIZE) {
      int size = Math.min(BATCH_SIZE, count - from);
      float[] batch = new float[BATCH_SIZE * PIXELS];
      System.arraycopy(pixels, from * PIXELS, batch, 0, size * PIXELS);
      System.arraycopy(probabilities(batch), 0, probabilities, from * CLASSES, size * CLASSES);
    }
    return probabilities;
  }

  /** The model's signatures by name. */
  public Map<String, SignatureDef> signatures() {
    return bundle.metaGraphDef().getSignatureDefMap();
  }

  /**
   * Runs the graph.
   *
   * @param input name of the tensor to feed, as in a signature
   * @param value of this tensor
   * @param outputs names of the tensors to fetch
   * @return their values in this order; to be closed
   * @throws RuntimeException thrown by TensorFlow, if the graph cannot process the value
   */
  public Result run(String input, Tensor value, List<String> outputs) {
    Session.Runner runner = bundle.session().runner().feed(input, value);
    outputs.forEach(runner::fetch);
    return runner.run();
  }

  /**
   * The activations of the first layer for one image; empty if that layer is not convolutional.
   *
   * @param pixels of the image, as in {@link #predict(float...)}
   */
  public Optional<FeatureMaps> firstLayer(float... pixels) {
    GraphOperation layer = bundle.graph().operation(FIRST_LAYER);
    if (layer == null || layer.output(0).shape().numDimensions() != 4) {
      return Optional.empty();
    }
    try (TFloat32 images = toTensor(1, pixels);
        Result result = bundle.session().runner().feed(image, images).fetch(FIRST_LAYER).run()) {
      return Optional.of(FeatureMaps.of((TFloat32) result.get(0)));
    }
  }

  @Override
  public void close() {
    bundle.close();
  }
}
