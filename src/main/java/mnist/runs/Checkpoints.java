package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.data.ConfusionMatrix;
import mnist.data.LabeledImages;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;
import mnist.platform.FileTree;
import mnist.platform.Json;
import mnist.platform.Sha256;
import mnist.training.Measurement;
import mnist.training.TrainingResult;
import mnist.training.TrainingState;
import org.tensorflow.Operand;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/**
 * The checkpoints in a run's folder: {@code checkpoint-<iteration>/} with the variables in
 * TensorFlow's format, {@code state.json} with the rest of the training's state, and {@code
 * SHA256SUMS} to detect damage. Each is written atomically, and never over another.
 *
 * <p>Python reads one with {@code tf.train.load_checkpoint("checkpoint-<iteration>/variables")}:
 * weights and biases by their names, the optimizer's variables ({@code W1-m}, {@code beta1_power}
 * …), and the weights of the best test measurement as {@code best/W1} ….
 *
 * @param run the run's folder
 * @param stage the stage's number
 * @param network whose variables are saved and restored
 * @param oneDnn whether the run uses oneDNN's kernels
 * @param configuration {@linkplain RunConfig#sha256 the checksum} of the run's configuration
 */
public record Checkpoints(
    Path run, String stage, Network network, boolean oneDnn, String configuration) {
  private static final Pattern FOLDER = Pattern.compile("checkpoint-(\\d{1,10})");

  /**
   * A checkpoint under a temporary name. Earlier versions replaced one by renaming it away; if they
   * were killed before the new one was renamed too, these names are all there is.
   */
  private static final Pattern LEFTOVER =
      Pattern.compile("\\.(checkpoint-\\d{1,10})\\.[0-9a-f-]{36}\\.(part|old)");

  private static final String VARIABLES = "variables";
  private static final String STATE = "state.json";
  private static final String SUMS = "SHA256SUMS";

  /** A line of {@code SHA256SUMS}, with a plain file name. */
  private static final Pattern SUM = Pattern.compile("([0-9a-f]{64})  ([\\w.-]+)");

  private static final Set<String> SUMMED =
      Set.of(STATE, VARIABLES + ".index", VARIABLES + ".data-00000-of-00001");

  private static final String BEST = "best/";

  /** For {@code state.json} and {@code SHA256SUMS}, which have 1 kB. */
  private static final int MAX_STATE_BYTES = 100_000;

  /** How many are kept: if the newest is damaged, there is one before it. */
  private static final int KEPT = 2;

  /**
   * The content of {@code state.json}.
   *
   * @param stage the stage's number
   * @param next the next iteration
   * @param seconds of training so far
   * @param randomNumbersDrawn how many numbers each random node has drawn, by its name
   * @param lastTest the last test measurement, null before the first
   * @param bestTest the best one, null before the first; its weights are among the variables
   * @param confusion of the best one: confusion[label][predicted]
   * @param tensorflow the version that wrote the variables
   * @param onednn whether oneDNN's kernels were used
   * @param configurationSha256 of the run's configuration; null in checkpoints of earlier versions
   */
  private record State(
      String stage,
      int next,
      double seconds,
      Map<String, Long> randomNumbersDrawn,
      Measurement lastTest,
      Measurement bestTest,
      int[][] confusion,
      String tensorflow,
      boolean onednn,
      String configurationSha256) {

    /** Whether the fields that are always there are, within their ranges. */
    private boolean isComplete() {
      return next >= 0
          && randomNumbersDrawn != null
          && !randomNumbersDrawn.containsValue(null)
          && (bestTest == null || isConfusionMatrix(confusion));
    }

    private static boolean isConfusionMatrix(int[][] counts) {
      return counts != null
          && counts.length == LabeledImages.CLASSES
          && Stream.of(counts).allMatch(row -> row != null && row.length == counts.length);
    }
  }

  /** Whether a run's folder has any. */
  public static boolean isIn(Path run) throws IOException {
    return !all(run).isEmpty();
  }

  /** The checkpoints of a run, newest first. */
  private static List<Path> all(Path run) throws IOException {
    Map<Path, Long> iterations = new HashMap<>();
    try (Stream<Path> content = Files.list(run)) {
      for (Path folder : content.toList()) {
        Matcher matcher =
            FOLDER.matcher(properName(folder).orElse(folder).getFileName().toString());
        if (matcher.matches() && Files.isDirectory(folder)) {
          iterations.put(folder, Long.parseLong(matcher.group(1)));
        }
      }
    }
    return iterations.keySet().stream()
        .sorted(Comparator.<Path, Long>comparing(iterations::get).reversed())
        .toList();
  }

  /** Where a whole checkpoint belongs that has a temporary name only; else empty. */
  private static Optional<Path> properName(Path folder) {
    Matcher matcher = LEFTOVER.matcher(folder.getFileName().toString());
    return matcher.matches()
            && !Files.exists(folder.resolveSibling(matcher.group(1)))
            && damage(folder).isEmpty()
        ? Optional.of(folder.resolveSibling(matcher.group(1)))
        : Optional.empty();
  }

  /** Renames whole checkpoints that have a temporary name only. */
  static void recoverLeftovers(Path run) throws IOException {
    for (Path folder : all(run)) {
      Optional<Path> proper = properName(folder);
      if (proper.isPresent()) {
        Files.move(folder, proper.get());
      }
    }
  }

  // ---- Writing

  /**
   * Writes a checkpoint, synced to the disk, and deletes all but the newest two. An intact one of
   * the same iteration is kept: the training is where it was resumed.
   *
   * @throws IOException if it cannot be written; the earlier ones are kept then
   */
  public void write(TrainingState state) throws IOException {
    Path target = run.resolve("checkpoint-" + state.next());
    if (Files.exists(target) && damage(target).isEmpty()) {
      return;
    }
    try (AtomicFile draft = AtomicFile.of(target)) {
      Path folder = Files.createDirectory(draft.path());
      writeVariables(folder, state);
      State described =
          new State(
              stage,
              state.next(),
              state.seconds(),
              state.drawn(),
              state.last().orElse(null),
              state.best().map(TrainingResult.Best::measurement).orElse(null),
              state.best().map(best -> best.confusion().counts()).orElse(null),
              TensorFlow.version(),
              oneDnn,
              configuration);
      Files.write(
          folder.resolve(STATE),
          Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(described));
      Files.writeString(folder.resolve(SUMS), sums(folder));
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          sync(file);
        }
      }
      sync(folder);
      FileTree.delete(target); // a damaged one
      draft.create();
      sync(run);
    }
    for (Path old : all(run).stream().skip(KEPT).toList()) {
      FileTree.delete(old);
    }
  }

  private void writeVariables(Path folder, TrainingState state) throws IOException {
    Map<String, float[]> values = new LinkedHashMap<>(state.variables());
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (String name : values.keySet()) {
      shapes.put(name, network.graph().operation(name).output(0).shape());
    }
    if (state.best().isPresent()) {
      FloatBuffer all = FloatBuffer.wrap(state.best().get().weights().values());
      for (Operand<TFloat32> variable : network.variables()) {
        String name = BEST + variable.asOutput().op().name();
        shapes.put(name, variable.shape());
        float[] value = new float[(int) variable.shape().size()];
        all.get(value);
        values.put(name, value);
      }
    }
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

  /** In the format of the command sha256sum. */
  private static String sums(Path folder) throws IOException {
    StringBuilder sums = new StringBuilder();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        sums.append(sha256(file)).append("  ").append(file.getFileName()).append('\n');
      }
    }
    return sums.toString();
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return Sha256.hex(digest);
  }

  private static void sync(Path file) throws IOException {
    if (Files.isDirectory(file) && File.separatorChar == '\\') {
      return; // Windows cannot sync a folder
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  // ---- Reading

  /**
   * Reads the newest intact checkpoint; damaged ones are reported and skipped.
   *
   * @param anyKernels whether it may be of another TensorFlow version or kind of kernels
   * @param note receives a line for each damaged checkpoint, and for one of an earlier version
   * @throws IOException if there is none, all are damaged, or it belongs to another stage,
   *     configuration, TensorFlow version or kind of kernels
   */
  public TrainingState newest(boolean anyKernels, Consumer<String> note) throws IOException {
    refuseNone(run);
    List<String> damaged = new ArrayList<>();
    for (Path folder : all(run)) {
      Optional<String> damage = damage(folder);
      if (damage.isEmpty()) {
        damaged.forEach(text -> note.accept(text + "; the one before it is used"));
        return read(folder, anyKernels, note);
      }
      damaged.add(damage.get());
    }
    throw new IOException(
        String.join("; ", damaged) + ": no intact checkpoint is left, nothing has been changed");
  }

  /**
   * Checks that a run has a checkpoint, without reading it.
   *
   * @throws IOException if it has none
   */
  public static void refuseNone(Path run) throws IOException {
    if (!isIn(run)) {
      throw new IOException(run + " has no checkpoint to resume from; start a new run");
    }
  }

  private static Optional<String> damage(Path folder) {
    Path sums = folder.resolve(SUMS);
    try {
      Set<String> names = new HashSet<>();
      String content = new String(RunFile.read(sums, MAX_STATE_BYTES), UTF_8);
      for (String line : content.lines().toList()) {
        Matcher sum = SUM.matcher(line);
        if (!sum.matches() || !RunFile.exists(folder.resolve(sum.group(2)))) {
          return Optional.of(sums + " is damaged: it names no file of this folder in " + line);
        }
        Path file = folder.resolve(sum.group(2));
        if (!sha256(file).equals(sum.group(1))) {
          return Optional.of(file + " is damaged (its SHA-256 differs)");
        }
        names.add(sum.group(2));
      }
      return names.containsAll(SUMMED) ? Optional.empty() : Optional.of(sums + " is damaged");
    } catch (IOException | RuntimeException e) {
      return Optional.of(folder + " is damaged (" + ErrorMessages.summarize(e) + ")");
    }
  }

  private TrainingState read(Path folder, boolean anyKernels, Consumer<String> note)
      throws IOException {
    State state = state(folder.resolve(STATE));
    refuseOther(folder, "stage", state.stage(), stage);
    if (!anyKernels) {
      refuseOther(folder, "TensorFlow", state.tensorflow(), TensorFlow.version());
      refuseOther(folder, "oneDNN", state.onednn() ? "on" : "off", oneDnn ? "on" : "off");
    }
    if (state.configurationSha256() == null) {
      note.accept(
          folder
              + " was written by an earlier version, which did not record the run's configuration;"
              + " it is used as nothing contradicts it");
    } else if (!state.configurationSha256().equals(configuration)) {
      throw new IOException(
          "%s is not of this run: it was written with another seed, other options or other data than %s has"
              .formatted(folder, RunFolder.INFO));
    }

    List<String> weights = network.variables().stream().map(v -> v.asOutput().op().name()).toList();
    List<String> names =
        network.graph().toGraphDef().getNodeList().stream()
            .filter(node -> node.getOp().equals("VariableV2"))
            .map(NodeDef::getName)
            .toList();
    List<String> stored = new ArrayList<>(names);
    if (state.bestTest() != null) {
      weights.forEach(name -> stored.add(BEST + name));
    }
    Map<String, float[]> values;
    try {
      values = VariableFiles.read(folder.resolve(VARIABLES).toAbsolutePath(), stored);
      for (String name : stored) {
        requireSize(name, values.get(name).length);
      }
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
                        join(weights.stream().map(name -> values.get(BEST + name)).toList()),
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

  private static State state(Path file) throws IOException {
    State state;
    try {
      state = Json.MAPPER.readValue(RunFile.read(file, MAX_STATE_BYTES), State.class);
    } catch (JacksonException e) {
      throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
    }
    if (state == null || !state.isComplete()) {
      throw new IOException(file + " is damaged: a field is missing or out of its range");
    }
    return state;
  }

  private void requireSize(String stored, int found) {
    String variable = stored.startsWith(BEST) ? stored.substring(BEST.length()) : stored;
    long expected = network.graph().operation(variable).output(0).shape().size();
    if (found != expected) {
      throw new IllegalArgumentException(
          "%s has %d values, expected %d".formatted(stored, found, expected));
    }
  }

  private static void refuseOther(Path folder, String what, String found, String expected)
      throws IOException {
    if (!expected.equals(found)) {
      throw new IOException(
          "%s was written with %s %s, this run has %s %s; a run resumes only as it began"
              .formatted(folder, what, found, what, expected));
    }
  }

  private static Weights join(List<float[]> parts) {
    FloatBuffer all = FloatBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
    parts.forEach(all::put);
    return new Weights(all.array());
  }
}
