package mnist.export;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.network.Network;
import mnist.platform.FileTree;
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

  static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES) // of later versions
          .build();

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
    try {
      Files.delete(Files.createDirectory(parent.resolve(hidden(target, "part"))));
    } catch (IOException e) {
      throw notWritten(folder, e);
    }
  }

  private static ModelException notWritten(Path folder, Exception e) {
    return new ModelException(
        "the model cannot be written to %s: %s".formatted(folder, reason(e)), e);
  }

  /**
   * Writes a model under a temporary name beside the folder's and then renames it, so that there is
   * a whole model or none.
   *
   * @param folder must not exist, unless it may be overwritten
   * @param overwrite whether a model that is there may be replaced
   * @param network whose graph it gets
   * @param weights the network's variables one after the other, each row-major
   * @throws ModelException if it cannot be written
   */
  public static void write(
      Path folder, boolean overwrite, Network network, float[] weights, ModelCard card)
      throws IOException {
    check(folder, overwrite);
    Path target = folder.toAbsolutePath().normalize();
    Path part = target.resolveSibling(hidden(target, "part"));
    try {
      Files.createDirectories(part.resolve(VARIABLES));
      Files.createDirectories(part.resolve(CARD).getParent());
      Files.write(part.resolve(CARD), JSON.writeValueAsBytes(card));
      try (InferenceGraph graph = new InferenceGraph(network)) {
        graph.write(part.resolve(VARIABLES).resolve(VARIABLES), weights);
        // Last, as it is what a model is known by.
        Files.write(
            part.resolve(GRAPH),
            SavedModel.newBuilder()
                .setSavedModelSchemaVersion(1)
                .addMetaGraphs(graph.description())
                .build()
                .toByteArray());
      }
      moveInto(part, target, overwrite);
    } catch (RuntimeException | IOException e) { // some of TensorFlow's are no TensorFlowException
      throw notWritten(folder, e);
    } finally {
      FileTree.delete(part);
    }
  }

  private static String hidden(Path target, String suffix) {
    return "." + target.getFileName() + "." + UUID.randomUUID() + "." + suffix;
  }

  private static void moveInto(Path part, Path target, boolean overwrite) throws IOException {
    if (!overwrite || !Files.exists(target)) {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    Path old = target.resolveSibling(hidden(target, "old"));
    Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      throw e;
    }
    FileTree.delete(old);
  }

  /** Why, in one line. */
  static String reason(Exception e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileAlreadyExistsException file) {
      return file.getFile() + " is a file, expected a folder";
    }
    if (e instanceof NoSuchFileException) {
      return "no folder can be made there";
    }
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return reason == null
        ? e.getClass().getSimpleName()
        : reason
            .lines()
            .findFirst()
            .map(line -> line.substring(line.lastIndexOf("; ") + 1).strip()) // "<file>; <reason>"
            .orElse(e.getClass().getSimpleName());
  }
}
