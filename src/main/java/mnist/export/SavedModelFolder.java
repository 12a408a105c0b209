package mnist.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import mnist.data.FileTree;
import mnist.network.Network;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.SavedModel;

/**
 * A folder that gets a SavedModel: the graph for prediction in {@code saved_model.pb}, the weights
 * in {@code variables/}, and the {@link ModelCard} in {@code assets.extra/mnist.json}.
 */
public final class SavedModelFolder {
  static final String GRAPH = "saved_model.pb";
  static final String VARIABLES = "variables";
  static final String CARD = "assets.extra/mnist.json";

  /** What folders of SavedModels hold; one with anything else in it is never overwritten. */
  private static final Set<String> KNOWN =
      Set.of(GRAPH, VARIABLES, "assets", "assets.extra", "fingerprint.pb", "keras_metadata.pb");

  static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private SavedModelFolder() {}

  /**
   * Checks that a model can go there, before the training that makes it.
   *
   * @param folder must not exist, unless it may be overwritten
   * @param overwrite whether a model that is there may be replaced
   * @throws ModelException if something is there that stays, or nothing can be written there
   */
  public static void check(Path folder, boolean overwrite) throws IOException {
    refuseUnwritable(folder);
    if (!Files.exists(folder)) {
      return;
    }
    if (!overwrite) {
      throw new ModelException(
          folder + " exists already; --overwrite replaces a model, or choose another --export");
    }
    if (!Files.isDirectory(folder)) {
      throw new ModelException(folder + " is a file, expected a folder or nothing there");
    }
    try (Stream<Path> content = Files.list(folder)) {
      List<String> others =
          content
              .map(file -> file.getFileName().toString())
              .filter(f -> !KNOWN.contains(f))
              .sorted()
              .toList();
      if (!others.isEmpty()) {
        throw new ModelException(
            folder
                + " is not overwritten: it holds "
                + others.get(0)
                + ", which is no part of a model");
      }
    }
  }

  private static void refuseUnwritable(Path folder) throws ModelException {
    Path parent = folder.toAbsolutePath().getParent();
    while (parent != null && !Files.exists(parent)) {
      parent = parent.getParent(); // will be made
    }
    if (parent == null || !Files.isDirectory(parent) || !Files.isWritable(parent)) {
      throw new ModelException(
          "the model cannot be written to %s: %s is no folder that this user may write to"
              .formatted(folder, parent));
    }
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
    Path target = folder.toAbsolutePath();
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
    } catch (TensorFlowException | IOException e) {
      throw e instanceof ModelException known
          ? known
          : new ModelException("the model cannot be written to " + folder + ": " + reason(e), e);
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
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof FileAlreadyExistsException file) {
      return file.getFile() + " is a file, expected a folder";
    }
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return String.valueOf(reason)
        .lines()
        .findFirst()
        .map(line -> line.substring(line.lastIndexOf("; ") + 1).strip()) // "<file>; <reason>"
        .orElse(e.getClass().getSimpleName());
  }
}
