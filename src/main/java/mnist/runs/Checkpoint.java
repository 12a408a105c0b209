package mnist.runs;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.data.ConfusionMatrix;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.FileTree;
import mnist.platform.Sha256;
import mnist.training.TrainingResult;
import mnist.training.TrainingState;
import org.tensorflow.Operand;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/**
 * The checkpoints of a run, in its folder: {@code checkpoint-<iteration>/} with the variables in
 * TensorFlow's form, {@code state.json} with what else a training needs, and {@code SHA256SUMS}, by
 * which damage is noticed. Each is there whole or not at all.
 *
 * <p>Python reads one with {@code tf.train.load_checkpoint("checkpoint-<iteration>/variables")}:
 * the weights and biases by their names, the optimiser's variables ({@code W1-m}, {@code
 * beta1_power} …), and the weights of the best test measurement as {@code best/W1} ….
 */
public final class Checkpoint {
  private static final Pattern FOLDER = Pattern.compile("checkpoint-(\\d+)");
  private static final String VARIABLES = "variables";
  private static final String STATE = "state.json";
  private static final String SUMS = "SHA256SUMS";
  private static final String BEST = "best/";

  /** So many are kept: should the newest be damaged, there is one before it. */
  private static final int KEPT = 2;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES) // of later versions
          .build();

  private Checkpoint() {}

  // ---- Writing

  /**
   * Writes a checkpoint, synced to the disk, and removes all but the newest two.
   *
   * @param run the run's folder
   * @throws IOException if it cannot be written; those before it are still there
   */
  public static void write(
      Path run, String stage, Network network, boolean oneDnn, TrainingState state)
      throws IOException {
    Path target = run.resolve("checkpoint-" + state.next());
    try (AtomicFile draft = AtomicFile.of(target)) {
      Path folder = Files.createDirectory(draft.path());
      writeVariables(folder, network, state);
      Files.write(folder.resolve(STATE), JSON.writeValueAsBytes(described(stage, oneDnn, state)));
      Files.writeString(folder.resolve(SUMS), sums(folder));
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          sync(file);
        }
      }
      sync(folder);
      draft.replace();
      sync(run);
    }
    for (Path old : all(run).stream().skip(KEPT).toList()) {
      FileTree.delete(old);
    }
  }

  private static void writeVariables(Path folder, Network network, TrainingState state)
      throws IOException {
    Map<String, float[]> values = new LinkedHashMap<>(state.variables());
    Map<String, Shape> shapes = new LinkedHashMap<>();
    values.keySet().forEach(name -> shapes.put(name, shape(network, name)));
    state
        .best()
        .ifPresent(
            best -> {
              float[] all = best.weights().values();
              int from = 0;
              for (Operand<TFloat32> variable : network.variables()) {
                String name = BEST + variable.asOutput().op().name();
                shapes.put(name, variable.shape());
                int to = from + (int) variable.shape().size();
                values.put(name, Arrays.copyOfRange(all, from, to));
                from = to;
              }
            });
    try {
      VariableFiles.write(folder.resolve(VARIABLES).toAbsolutePath(), shapes, values);
    } catch (RuntimeException e) { // "<file>; No space left on device"
      String reason = ErrorMessages.withoutFile(e);
      throw new IOException(
          "the checkpoint cannot be written: "
              + reason.substring(reason.lastIndexOf("; ") + 1).strip(),
          e);
    }
  }

  private static Shape shape(Network network, String variable) {
    return network.graph().operation(variable).output(0).shape();
  }

  private static CheckpointState described(String stage, boolean oneDnn, TrainingState state) {
    return new CheckpointState(
        stage,
        state.next(),
        state.seconds(),
        state.drawn(),
        state.last().orElse(null),
        state.best().map(TrainingResult.Best::measurement).orElse(null),
        state.best().map(best -> best.confusion().counts()).orElse(null),
        TensorFlow.version(),
        oneDnn);
  }

  /** As the command sha256sum writes and checks them. */
  private static String sums(Path folder) throws IOException {
    StringBuilder sums = new StringBuilder();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        sums.append(Sha256.of(Files.readAllBytes(file)))
            .append("  ")
            .append(file.getFileName())
            .append('\n');
      }
    }
    return sums.toString();
  }

  private static void sync(Path file) throws IOException {
    if (Files.isDirectory(file) && File.separatorChar == '\\') {
      return; // Windows syncs no folders
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  // ---- Reading

  /**
   * The newest good checkpoint of a run; a damaged one is passed over, and that is told.
   *
   * @param run the run's folder
   * @param told hears of damage, a line each
   * @throws IOException if there is none, or all are damaged
   */
  public static TrainingState newest(
      Path run, String stage, Network network, boolean oneDnn, Consumer<String> told)
      throws IOException {
    List<Path> all = all(run);
    if (all.isEmpty()) {
      throw new IOException(run + " has no checkpoint to go on from; start the run anew");
    }
    List<String> damages = new ArrayList<>();
    for (Path folder : all) {
      Optional<String> damage = damage(folder);
      if (damage.isEmpty()) {
        damages.forEach(text -> told.accept(text + "; the one before it is used"));
        return read(folder, stage, network, oneDnn);
      }
      damages.add(damage.get());
    }
    throw new IOException(
        String.join("; ", damages) + ": no checkpoint is left to go on from, nothing is changed");
  }

  /** Whether a run has any. */
  public static boolean isIn(Path run) throws IOException {
    return !all(run).isEmpty();
  }

  /** The checkpoints of a run, the newest first. */
  private static List<Path> all(Path run) throws IOException {
    try (Stream<Path> content = Files.list(run)) {
      return content
          .filter(path -> FOLDER.matcher(path.getFileName().toString()).matches())
          .sorted(Comparator.comparingInt(Checkpoint::iteration).reversed())
          .toList();
    }
  }

  private static int iteration(Path folder) {
    Matcher matcher = FOLDER.matcher(folder.getFileName().toString());
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
  }

  private static Optional<String> damage(Path folder) {
    try {
      String sums = Files.readString(folder.resolve(SUMS));
      for (String line : sums.lines().toList()) {
        String name = line.substring(line.indexOf("  ") + 2);
        if (!line.startsWith(Sha256.of(Files.readAllBytes(folder.resolve(name))) + "  ")) {
          return Optional.of(folder.resolve(name) + " is damaged (its SHA-256 is another)");
        }
      }
      return sums.contains(STATE) && sums.contains(VARIABLES + ".index")
          ? Optional.empty()
          : Optional.of(folder.resolve(SUMS) + " is damaged");
    } catch (IOException | RuntimeException e) {
      return Optional.of(folder + " is damaged (" + ErrorMessages.summarize(e) + ")");
    }
  }

  private static TrainingState read(Path folder, String stage, Network network, boolean oneDnn)
      throws IOException {
    CheckpointState state =
        JSON.readValue(Files.readAllBytes(folder.resolve(STATE)), CheckpointState.class);
    refuseOther(folder, "stage", state.stage(), stage);
    refuseOther(folder, "TensorFlow", state.tensorflow(), TensorFlow.version());
    refuseOther(folder, "oneDNN", state.onednn() ? "on" : "off", oneDnn ? "on" : "off");

    List<String> weights = network.variables().stream().map(v -> v.asOutput().op().name()).toList();
    List<String> names = new ArrayList<>();
    for (NodeDef node : network.graph().toGraphDef().getNodeList()) {
      if (node.getOp().equals("VariableV2")) {
        names.add(node.getName());
      }
    }
    List<String> stored = new ArrayList<>(names);
    if (state.bestTest() != null) {
      weights.forEach(name -> stored.add(BEST + name));
    }
    Map<String, float[]> values;
    try {
      values = VariableFiles.read(folder.resolve(VARIABLES).toAbsolutePath(), stored);
    } catch (RuntimeException e) {
      throw new IOException(
          folder + " does not hold this network's variables: " + ErrorMessages.summarize(e), e);
    }
    Optional<TrainingResult.Best> best =
        Optional.ofNullable(state.bestTest())
            .map(
                measurement ->
                    new TrainingResult.Best(
                        measurement,
                        joined(weights.stream().map(name -> values.get(BEST + name)).toList()),
                        new ConfusionMatrix(state.confusion())));
    values.keySet().retainAll(names);
    return new TrainingState(
        state.next(),
        values,
        state.randomNumbersDrawn(),
        best,
        Optional.ofNullable(state.lastTest()),
        state.seconds());
  }

  private static void refuseOther(Path folder, String what, String found, String expected)
      throws IOException {
    if (!expected.equals(found)) {
      throw new IOException(
          "%s is of a run with %s %s, this one has %s; a run goes on only as it began"
              .formatted(folder, what, found, expected));
    }
  }

  private static Weights joined(List<float[]> parts) {
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int from = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, from, part.length);
      from += part.length;
    }
    return new Weights(all);
  }
}
