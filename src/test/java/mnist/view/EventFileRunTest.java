package mnist.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import mnist.Stages;
import mnist.TestData;
import mnist.app.Training;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.runs.RecordHeader;
import mnist.training.Evaluation;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.HistogramProto;
import org.tensorflow.proto.Summary;

/** The event files of a run of 2.2 with --tensorboard, compared with what a listener received. */
class EventFileRunTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path PYTHON =
      Path.of("python-reference", ".venv", "bin", "python").toAbsolutePath();
  private static final int ITERATIONS = 120; // measured every 20th, the test set not at the last

  @TempDir static Path temporary;

  private static final Witness WITNESS = new Witness();
  private static Path run;

  /**
   * What the files must say of each measurement: scalars, and of each tensor its range and size.
   */
  private static final class Witness implements TrainingListener {
    final List<RecordHeader.Group> groups;
    final Map<String, Object> values = new HashMap<>();

    Witness() {
      try (Network network = Stages.named("2.2").network(0)) {
        groups = VisualizedTensors.groups(network);
      }
    }

    @Override
    public Set<String> requestedTensors(Split split) {
      Set<String> nodes = new TreeSet<>();
      groups.forEach(group -> nodes.addAll(group.nodes()));
      return split == Split.TRAIN ? nodes : Set.of();
    }

    @Override
    public void onEvaluation(Evaluation evaluation) {
      int iteration = evaluation.measurement().iteration();
      if (evaluation.measurement().set() == Split.TEST) {
        values.put("test mistakes " + iteration, List.of(300, 420, 420, 300, 3));
      } else if (iteration <= 100) {
        for (RecordHeader.Group group : groups) {
          for (String node : group.nodes()) {
            String key = "train %s/%s %d".formatted(group.name(), node, iteration);
            values.put(key, range(evaluation.values(node)));
          }
        }
      }
    }

    private static List<Double> range(FloatBuffer numbers) {
      double least = Double.MAX_VALUE;
      double most = -Double.MAX_VALUE;
      double count = numbers.remaining();
      while (numbers.hasRemaining()) {
        double number = numbers.get();
        least = Math.min(least, number);
        most = Math.max(most, number);
      }
      return List.of(least, most, count, count);
    }

    /** Adds the scalars from the run's own file. */
    void addMetrics(Path file) throws IOException {
      for (String line : Files.readAllLines(file)) {
        JsonNode m = JSON.readTree(line);
        String set = m.get("set").asText().equals("TRAIN") ? "train" : "test";
        for (String tag : List.of("accuracy", "loss", "learning_rate")) {
          if (set.equals("train") || !tag.equals("learning_rate")) {
            String key = "%s %s %d".formatted(set, tag, m.get("iteration").asInt());
            values.put(key, m.get(tag).floatValue());
          }
        }
      }
    }
  }

  @BeforeAll
  static void train() throws Exception {
    run = train("with", WITNESS, "--tensorboard");
    WITNESS.addMetrics(run.resolve("metrics.jsonl"));
  }

  private static Path train(String name, TrainingListener listener, String... more)
      throws Exception {
    Path folder = temporary.resolve(name);
    List<String> options = new ArrayList<>(List.of(more));
    options.addAll(List.of("--data", TestData.drawnDigits().source(), "--no-export", "--quiet"));
    options.addAll(List.of("--run-dir", folder.toString()));
    options.add("--iterations=" + ITERATIONS);
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    int exitCode =
        Training.run(
            Stages.named("2.2"), listener, nowhere, System.err, options.toArray(String[]::new));
    assertThat(exitCode).isZero();
    return folder;
  }

  private static Path file(String set) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve(set))) {
      return files.findFirst().orElseThrow();
    }
  }

  @Test
  void doesNotChangeTheNumbersOfTheRun() throws Exception {
    Path without = train("without", new TrainingListener() {});
    try (Stream<Path> files = Files.list(without)) {
      assertThat(files.map(file -> file.getFileName().toString())).doesNotContain("train", "test");
    }
    assertThat(weights(without)).isEqualTo(weights(run)).isNotEmpty();
    assertThat(without.resolve("metrics.jsonl"))
        .hasSameTextualContentAs(run.resolve("metrics.jsonl"));
  }

  private static String weights(Path folder) throws IOException {
    JsonNode file = JSON.readTree(folder.resolve("run.json").toFile());
    return file.at("/results/weights_sha256").asText();
  }

  @Test
  void containsWhatWasEvaluated() throws Exception {
    Map<String, Object> found = new HashMap<>();
    for (String set : List.of("train", "test")) {
      for (Event event : Events.in(file(set))) {
        for (Summary.Value value : event.getSummary().getValueList()) {
          Object before =
              found.put(
                  "%s %s %d".formatted(set, value.getTag(), event.getStep()), contents(value));
          assertThat(before).as(value.getTag()).isNull();
        }
      }
    }
    assertThat(found).containsExactlyInAnyOrderEntriesOf(WITNESS.values);
  }

  private static Object contents(Summary.Value value) throws IOException {
    if (value.hasSimpleValue()) {
      return value.getSimpleValue();
    }
    if (value.hasHisto()) {
      HistogramProto histogram = value.getHisto();
      double counted = histogram.getBucketList().stream().mapToDouble(count -> count).sum();
      return List.of(histogram.getMin(), histogram.getMax(), histogram.getNum(), counted);
    }
    var strings = value.getTensor().getStringValList();
    var image = ImageIO.read(new ByteArrayInputStream(strings.get(2).toByteArray()));
    return List.of(
        Integer.parseInt(strings.get(0).toStringUtf8()),
        Integer.parseInt(strings.get(1).toStringUtf8()),
        image.getHeight(),
        image.getWidth(),
        image.getColorModel().getNumComponents());
  }

  static boolean pythonIsInstalled() {
    return Files.exists(PYTHON);
  }

  @Test
  @EnabledIf(
      value = "pythonIsInstalled",
      disabledReason = "python-reference/.venv does not exist; make crosscheck creates it")
  void pythonReadsTheSameValues() throws Exception {
    Path script = Path.of(getClass().getResource("events.py").toURI());
    Process python =
        new ProcessBuilder(
                PYTHON.toString(),
                script.toString(),
                file("train").toString(),
                file("test").toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Map<String, Object> found = new HashMap<>();
    for (String line : new String(python.getInputStream().readAllBytes()).lines().toList()) {
      JsonNode seen = JSON.readTree(line);
      String set = Path.of(seen.get("file").asText()).getParent().getFileName().toString();
      String key =
          "%s %s %d".formatted(set, seen.get("tag").asText(), seen.get("iteration").asInt());
      found.put(key, contents(seen));
    }
    assertThat(python.waitFor()).isZero();
    assertThat(found).containsExactlyInAnyOrderEntriesOf(WITNESS.values);
  }

  private static Object contents(JsonNode seen) {
    if (seen.has("scalar")) {
      return seen.get("scalar").floatValue();
    }
    List<Object> numbers = new ArrayList<>();
    seen.path("histogram").forEach(number -> numbers.add(number.asDouble()));
    seen.path("image").forEach(number -> numbers.add(number.asInt()));
    return numbers;
  }
}
