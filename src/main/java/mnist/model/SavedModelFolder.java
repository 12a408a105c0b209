package mnist.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.nn.Network;
import mnist.nn.NodeNames;
import mnist.nn.Weights;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.Json;
import org.tensorflow.proto.SavedModel;

/**
 * Writes SavedModels: the graph for prediction in {@code saved_model.pb}, the weights in {@code
 * variables/}, and the {@link ModelCard} in {@code assets.extra/mnist.json}.
 */
public final class SavedModelFolder {
  /** The file with the graph. */
  public static final String GRAPH = "saved_model.pb";

  static final String VARIABLES = "variables";
  static final String CARD = "assets.extra/mnist.json";

  /** The files of a model; a folder with any other file is not overwritten. */
  private static final Pattern MODEL_FILES =
      Pattern.compile("saved_model\\.pb|variables/variables\\..*|assets\\.extra/mnist\\.json");

  /** TensorFlow treats a path with these as a pattern and then cannot find the weights. */
  private static final Pattern WILDCARDS = Pattern.compile("[*?\\[\\]]");

  private SavedModelFolder() {}

  /**
   * Checks that a model can be written, before time is spent on training it.
   *
   * @param folder must not exist unless it may be overwritten
   * @param overwrite whether an existing model of this project may be replaced
   * @throws ModelException if the folder exists and is not replaced, or cannot be written
   */
  public static void check(Path folder, boolean overwrite) throws IOException {
    Path target = folder.toAbsolutePath().normalize();
    if (WILDCARDS.matcher(target.toString()).find()) {
      throw new ModelException(
          "TensorFlow cannot load a model from %s because of the * ? [ or ] in the path; choose another --export"
              .formatted(target));
    }
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      if (!overwrite) {
        throw new ModelException(
            folder + " already exists; use --overwrite to replace it, or choose another --export");
      }
      checkReplaceable(folder, target);
    }
    checkWritable(folder, target);
  }

  private static void checkReplaceable(Path folder, Path target) throws IOException {
    if (!Files.exists(target.resolve(CARD))) {
      throw new ModelException(folder + " is not overwritten: it is not a model of this project");
    }
    try (Stream<Path> content = Files.walk(target)) {
      Optional<Path> other =
          content
              .filter(file -> !Files.isDirectory(file))
              .map(target::relativize)
              .filter(file -> !MODEL_FILES.matcher(file.toString().replace('\\', '/')).matches())
              .findFirst();
      if (other.isPresent()) {
        throw new ModelException(
            "%s is not overwritten: it contains %s, which is not part of a model"
                .formatted(folder, other.get()));
      }
    }
  }

  /** Creates and deletes a folder, since permissions are not all that can prevent it. */
  private static void checkWritable(Path folder, Path target) throws ModelException {
    Path parent = target.getParent();
    while (parent != null && !Files.exists(parent)) {
      parent = parent.getParent(); // will be created
    }
    if (parent == null) {
      throw new ModelException(folder + " cannot hold a model; choose another --export");
    }
    try (AtomicFile probe = AtomicFile.of(parent.resolve(target.getFileName()))) {
      Files.createDirectory(probe.path());
    } catch (IOException e) {
      throw cannotWrite(folder, e);
    }
  }

  private static ModelException cannotWrite(Path folder, Exception e) {
    return new ModelException(
        "the model cannot be written to %s: %s".formatted(folder, reason(e)), e);
  }

  /**
   * Writes a model atomically, to a folder that is checked as in {@link #check}.
   *
   * @param network the source of the graph
   * @param weights of the network's variables
   * @throws ModelException if it cannot be written
   */
  public static void write(
      Path folder, boolean overwrite, Network network, Weights weights, ModelCard card)
      throws IOException {
    check(folder, overwrite);
    try (AtomicFile model = AtomicFile.of(folder);
        InferenceGraph graph = NodeNames.withAsciiDigits(() -> new InferenceGraph(network))) {
      Path path = model.path();
      Files.createDirectories(path.resolve(VARIABLES));
      Files.createDirectories(path.resolve(CARD).getParent());
      Files.write(
          path.resolve(CARD), Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(card));
      graph.writeVariables(path.resolve(VARIABLES).resolve(VARIABLES), weights.values());
      Files.write(
          path.resolve(GRAPH),
          SavedModel.newBuilder()
              .setSavedModelSchemaVersion(1)
              .addMetaGraphs(graph.toMetaGraphDef())
              .build()
              .toByteArray());
      if (overwrite) {
        model.replace();
      } else {
        model.create();
      }
    } catch (RuntimeException | IOException e) { // not all of TensorFlow's are TensorFlowExceptions
      throw cannotWrite(folder, e);
    }
  }

  /** The cause in one line. TensorFlow's messages are "file; cause", with a temporary path. */
  static String reason(Exception e) {
    String reason = ErrorMessages.withoutFile(e);
    return e instanceof RuntimeException
        ? reason.substring(reason.lastIndexOf("; ") + 1).strip()
        : reason;
  }
}
