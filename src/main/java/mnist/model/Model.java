package mnist.model;

import static mnist.data.LabelledImages.CLASSES;
import static mnist.data.LabelledImages.PIXELS;
import static mnist.data.LabelledImages.SIDE;
import static org.tensorflow.ndarray.Shape.UNKNOWN_SIZE;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * A SavedModel that says which class an image belongs to: one of this program, or any other with
 * the signature {@code serving_default}: {@code image} float32 [batch, 28, 28, 1], grey levels 0..1
 * with the digit white on black → {@code predictions} float32 [batch, 10], probabilities.
 *
 * <p>Several threads may use it at once.
 *
 * <p>A SavedModel is a program: TensorFlow runs whatever its graph says, with the rights of this
 * process, which may read, write and delete files. Load only models that you would also run as a
 * program; the checks here find mistakes, not malice.
 */
public final class Model implements AutoCloseable {
  /**
   * How many images are asked about at once where each is to be answered by itself: a multiple of
   * every number of them that a kernel takes at a time (2, 4, 6, 8, 10, 12, 15, 16 …).
   */
  public static final int FULL_BATCH = 480;

  /** What the chapters call it. */
  private static final String FIRST_LAYER = "Y1";

  private final SavedModelBundle bundle;
  private final Optional<ModelCard> card;
  private final Output<?> image;
  private final Output<?> predictions;

  private Model(
      SavedModelBundle bundle, Optional<ModelCard> card, Output<?> image, Output<?> predictions) {
    this.bundle = bundle;
    this.card = card;
    this.image = image;
    this.predictions = predictions;
  }

  /**
   * Loads a model and its weights, and runs it once; see above on trust.
   *
   * @param folder the one that holds {@code saved_model.pb}
   * @throws ModelException if it is no SavedModel, is damaged, or has not this signature
   */
  public static Model load(Path folder) throws IOException {
    if (!isIn(folder)) {
      Path inside = folder.resolve("model"); // where a run's folder has it
      throw new ModelException(
          "%s is no SavedModel: expected a folder with the file %s%s"
              .formatted(
                  folder, SavedModelFolder.GRAPH, isIn(inside) ? "; " + inside + " is one" : ""));
    }
    Optional<ModelCard> card = card(folder);
    SavedModelBundle bundle;
    try {
      // Runs on TensorFlow's threads, as in Python. In the caller's an image would take a few
      // hundredths of a millisecond less, but what is next to nothing, below 2.4e-38, would not be
      // rounded to 0 as it is there.
      bundle = SavedModelBundle.load(folder.toString(), SavedModelBundle.DEFAULT_TAG);
    } catch (RuntimeException e) { // some of TensorFlow's are no TensorFlowException
      throw notLoaded(folder, e);
    }
    try {
      Signature signature = signature(bundle, folder);
      Model model =
          new Model(
              bundle,
              card,
              end(bundle, folder, signature.getInputs(), "image", UNKNOWN_SIZE, SIDE, SIDE, 1),
              end(bundle, folder, signature.getOutputs(), "predictions", UNKNOWN_SIZE, CLASSES));
      // A model without its weights, or one that wants more than images, loads but fails here.
      model.probabilities(new float[2 * PIXELS]);
      return model;
    } catch (ModelException e) {
      bundle.close();
      throw e;
    } catch (RuntimeException e) {
      bundle.close();
      throw notLoaded(folder, e);
    }
  }

  private static ModelException notLoaded(Path folder, RuntimeException e) {
    return new ModelException(
        "%s cannot be loaded: %s".formatted(folder, SavedModelFolder.reason(e)), e);
  }

  /** Whether a folder holds a SavedModel, which may still be damaged. */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(SavedModelFolder.GRAPH));
  }

  /**
   * What a model says of itself, without loading it; empty for one from elsewhere.
   *
   * @param folder the one that holds {@code saved_model.pb}
   * @throws ModelException if what it says is damaged
   */
  public static Optional<ModelCard> card(Path folder) throws IOException {
    Path file = folder.resolve(SavedModelFolder.CARD);
    if (!Files.exists(file)) {
      return Optional.empty(); // a model from elsewhere
    }
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

  private static Signature signature(SavedModelBundle bundle, Path folder) throws ModelException {
    List<String> found = new ArrayList<>();
    for (Signature signature : bundle.signatures()) {
      if (signature.key().equals(Signature.DEFAULT_KEY)) {
        return signature;
      }
      found.add(signature.key());
    }
    throw new ModelException(
        "%s has no signature %s; it has %s"
            .formatted(folder, Signature.DEFAULT_KEY, found.isEmpty() ? "none" : found));
  }

  private static Output<?> end(
      SavedModelBundle bundle,
      Path folder,
      Map<String, TensorDescription> ends,
      String name,
      long... sizes)
      throws ModelException {
    Shape expected = Shape.of(sizes);
    TensorDescription found = ends.get(name);
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
                      ? "no %s but %s".formatted(name, ends.keySet())
                      : "%s of %s %s".formatted(name, found.dataType, found.shape),
                  name,
                  DataType.DT_FLOAT,
                  expected));
    }
    return bundle.graph().outputOrThrow(found.name);
  }

  /** What the model says of itself; empty for one from elsewhere. */
  public Optional<ModelCard> card() {
    return card;
  }

  /**
   * Says which class each image belongs to.
   *
   * @param pixels grey levels 0..1, white digit on black, of one image or several: 784 each, row
   *     after row
   */
  public List<Prediction> predict(float... pixels) {
    return Prediction.each(probabilities(pixels));
  }

  /**
   * Says how probable each class is for each image.
   *
   * @param pixels as in {@link #predict}
   * @return 10 probabilities for each image, image after image
   * @throws IllegalStateException if a model from elsewhere answers in another shape
   */
  public float[] probabilities(float... pixels) {
    refuseNoImages(pixels);
    int count = pixels.length / PIXELS;
    try (TFloat32 images =
            TFloat32.tensorOf(Shape.of(count, SIDE, SIDE, 1), DataBuffers.of(pixels, true, false));
        Result result = bundle.session().runner().feed(image, images).fetch(predictions).run()) {
      Shape shape = result.get(0).shape();
      if (!shape.equals(Shape.of(count, CLASSES))) {
        throw new IllegalStateException(
            "the model answers %s to %d images, expected %s"
                .formatted(shape, count, Shape.of(count, CLASSES)));
      }
      float[] probabilities = new float[count * CLASSES];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(probabilities);
      return probabilities;
    }
  }

  private static void refuseNoImages(float... pixels) {
    if (pixels.length == 0 || pixels.length % PIXELS != 0) {
      throw new IllegalArgumentException(
          "expected %d pixels for each image, found %d".formatted(PIXELS, pixels.length));
    }
  }

  /**
   * Says the same of an image whatever others are asked about with it, to the last bit: asks in
   * batches of {@link #FULL_BATCH}, the last one filled up with black images.
   *
   * <p>Otherwise the last bits of an answer depend on how many images there are and on this one's
   * place among them: kernels take several at a time, and those that are left over in another way.
   * In batches of this size none is left over, as long as a batch is not shared out among many
   * threads, see {@link mnist.platform.NativeEnvironment#useOneThread}.
   *
   * @param pixels as in {@link #predict}
   * @return as of {@link #probabilities}
   */
  public float[] probabilitiesOfEach(float... pixels) {
    refuseNoImages(pixels);
    float[] all = new float[pixels.length / PIXELS * CLASSES];
    for (int from = 0; from * PIXELS < pixels.length; from += FULL_BATCH) {
      int images = Math.min(FULL_BATCH, pixels.length / PIXELS - from);
      float[] batch = new float[FULL_BATCH * PIXELS];
      System.arraycopy(pixels, from * PIXELS, batch, 0, images * PIXELS);
      System.arraycopy(probabilities(batch), 0, all, from * CLASSES, images * CLASSES);
    }
    return all;
  }

  /** The ways to ask it, by name, as the SavedModel describes them. */
  public Map<String, SignatureDef> signatures() {
    return bundle.metaGraphDef().getSignatureDefMap();
  }

  /**
   * Runs its graph.
   *
   * @param input name of the tensor that is fed, as a signature has it
   * @param value what it is fed
   * @param outputs names of the tensors that are wanted
   * @return their values, in this order; to be closed
   * @throws RuntimeException one of TensorFlow's, if the graph cannot be run on this
   */
  public Result run(String input, Tensor value, List<String> outputs) {
    Session.Runner runner = bundle.session().runner().feed(input, value);
    outputs.forEach(runner::fetch);
    return runner.run();
  }

  /**
   * What the first layer makes of one image, if it is a convolutional one.
   *
   * @param pixels of the image, as in {@link #predict}
   */
  public Optional<FeatureMaps> firstLayer(float... pixels) {
    GraphOperation layer = bundle.graph().operation(FIRST_LAYER);
    if (layer == null || layer.output(0).shape().numDimensions() != 4) {
      return Optional.empty();
    }
    try (TFloat32 images =
            TFloat32.tensorOf(Shape.of(1, SIDE, SIDE, 1), DataBuffers.of(pixels, true, false));
        Result result = bundle.session().runner().feed(image, images).fetch(FIRST_LAYER).run()) {
      return Optional.of(FeatureMaps.of((TFloat32) result.get(0)));
    }
  }

  @Override
  public void close() {
    bundle.close();
  }
}
