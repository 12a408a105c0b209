package mnist.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.Json;
import org.tensorflow.proto.SavedModel;

/**
 * A folder that gets a SavedModel: the graph for prediction in {@code saved_model.pb}, the weights
 * in {@code variables/}, and the {@link ModelCard} in {@code assets.extra/mnist.json}.
 */
public final class SavedModelFolder {
  static final String GRAPH = "saved_model.pb";
  static final String VARIABLES = "variables";
  static final String CARD = "assets.extra/mnist.json";

  /** What a model of this program consists of; a folder with any other file is not overwritten. */
  private static final Pattern OWN =
      Pattern.compile("saved_model\\.pb|variables/variables\\..*|assets\\.extra/mnist\\.json");

  /** TensorFlow takes a path with these for a pattern, and then does not find the weights. */
  private static final Pattern WILDCARDS = Pattern.compile("[*?\\[\\]]");

  private SavedModelFolder() {}

  /**
   * Checks that a model can go there, before the training that makes it.
   *
   * @param folder must not exist, unless it may be overwritten
   * @param overwrite whether a model of this program that is there may be replaced
   * @throws ModelException if something is there that stays, or nothing can be written there
   */
  public static void check(Path folder, boolean overwrite) throws IOException {
    Path target = folder.toAbsolutePath().normalize();
    if (WILDCARDS.matcher(target.toString()).find()) {
      throw new ModelException(
          "TensorFlow cannot load a model from %s, whose path has * ? [ or ]; choose another --export"
              .formatted(target));
    }
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      if (!overwrite) {
        throw new ModelException(
            folder + " exists already; --overwrite replaces a model, or choose another --export");
      }
      refuseOthers(folder, target);
    }
    refuseUnwritable(folder, target);
  }

  private static void refuseOthers(Path folder, Path target) throws IOException {
    if (!Files.exists(target.resolve(CARD))) {
      throw new ModelException(folder + " is not overwritten: it is no model of this program");
    }
    try (Stream<Path> content = Files.walk(target)) {
      Optional<Path> other =
          content
              .filter(file -> !Files.isDirectory(file))
              .map(target::relativize)
              .filter(file -> !OWN.matcher(file.toString().replace('\\', '/')).matches())
              .findFirst();
      if (other.isPresent()) {
        throw new ModelException(
            "%s is not overwritten: it holds %s, which is no part of a model"
                .formatted(folder, other.get()));
      }
    }
  }

  /** Tries it, as permissions are not all that may be in the way. */
  private static void refuseUnwritable(Path folder, Path target) throws ModelException {
    Path parent = target.getParent();
    while (parent != null && !Files.exists(parent)) {
      parent = parent.getParent(); // will be made
    }
    if (parent == null) {
      throw new ModelException(folder + " is no place for a model; choose another --export");
    }
    try (AtomicFile draft = AtomicFile.of(parent.resolve(target.getFileName()))) {
      Files.createDirectory(draft.path());
    } catch (IOException e) {
      throw notWritten(folder, e);
    }
  }

  private static ModelException notWritten(Path folder, Exception e) {
    return new ModelException(
        "the model cannot be written to %s: %s".formatted(folder, reason(e)), e);
  }

  /**
   * Writes a model, whole or not at all.
   *
   * @param folder must not exist, unless it may be overwritten
   * @param overwrite whether a model that is there may be replaced
   * @param network whose graph it gets
   * @param weights of the network's variables
   * @throws ModelException if it cannot be written
   */
  public static void write(
      Path folder, boolean overwrite, Network network, Weights weights, ModelCard card)
      throws IOException {
    check(folder, overwrite);
    try (AtomicFile draft = AtomicFile.of(folder)) {
      Path part = draft.path();
      Files.createDirectories(part.resolve(VARIABLES));
      Files.createDirectories(part.resolve(CARD).getParent());
      Files.write(
          part.resolve(CARD), Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(card));
      try (InferenceGraph graph = new InferenceGraph(network)) {
        graph.write(part.resolve(VARIABLES).resolve(VARIABLES), weights.values());
        // Last, as it is what a model is known by.
        Files.write(
            part.resolve(GRAPH),
            SavedModel.newBuilder()
                .setSavedModelSchemaVersion(1)
                .addMetaGraphs(graph.description())
                .build()
                .toByteArray());
      }
      if (overwrite) {
        draft.replace();
      } else {
        draft.create();
      }
    } catch (RuntimeException | IOException e) { // some of TensorFlow's are no TensorFlowException
      throw notWritten(folder, e);
    }
  }

  /** Why, in one line; TensorFlow says "file; reason", with the draft's name. */
  static String reason(Exception e) {
    String reason = ErrorMessages.withoutFile(e);
    return e instanceof RuntimeException
        ? reason.substring(reason.lastIndexOf("; ") + 1).strip()
        : reason;
  }
}
