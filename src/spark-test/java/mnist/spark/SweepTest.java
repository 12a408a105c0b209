package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.runs.Checkpoints;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares the runs of {@code mnist.spark.Sweep} on this machine with single runs. */
class SweepTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path data;

  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    FewDigits.writeTo(data);
  }

  /** Stage 2.1, two runs at once. */
  private List<String> arguments(String grid, Path out, String... further) {
    List<String> args = new ArrayList<>(List.of("--stage", "2.1", "--master", "local[2]"));
    args.addAll(List.of("--grid", grid, "--out", out.toString(), "--", "--data=" + data));
    args.addAll(List.of(further));
    return args;
  }

  private ProgramResult sweep(String grid, Path out, String... further) {
    return ProgramResult.run(Sweep::run, arguments(grid, out, further).toArray(String[]::new));
  }

  private static JsonNode record(Path run) throws IOException {
    return JSON.readTree(run.resolve("run.json").toFile());
  }

  private static List<String> files(Path place) throws IOException {
    try (Stream<Path> files = Files.list(place)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Same measurements, final weights and model. */
  private static void assertEqualRuns(Path run, Path single) throws IOException {
    assertThat(run.resolve("metrics.jsonl"))
        .hasSameBinaryContentAs(single.resolve("metrics.jsonl"));
    assertThat(record(run).at("/results/weights_sha256").asText())
        .isNotEmpty()
        .isEqualTo(record(single).at("/results/weights_sha256").asText());
    String weights = "model/variables/variables.data-00000-of-00001";
    assertThat(run.resolve(weights)).hasSameBinaryContentAs(single.resolve(weights));
  }

  @Test
  void trialsEqualSingleRunsAndTheTablesAggregateThem() throws Exception {
    Path out = folder.resolve("sweep");

    ProgramResult result = sweep("--learning-rate 1e30,0.003 --seed 0..1", out, "--iterations=60");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out())
        .contains("Stage 2.1: 4 runs, 4 of them to train", "4 of 4: ")
        .contains("2.1-learning-rate-1e30-seed-0 failed: ");
    double[] best = new double[2];
    for (int seed = 0; seed < 2; seed++) {
      Path single =
          TrainedModel.run(
              folder.resolve("single-" + seed),
              "--data=" + data,
              "--iterations=60",
              "--learning-rate=0.003",
              "--seed=" + seed);
      assertEqualRuns(out.resolve("2.1-learning-rate-0.003-seed-" + seed), single);
      best[seed] = 100 * record(single).at("/results/best_test/accuracy").asDouble();
    }
    assertThat(Files.readString(out.resolve("sweep.md")))
        .containsPattern("\\| 1e30 \\| 0 \\|.*\\| 2 \\|\n")
        .contains(
            String.format(
                Locale.ROOT,
                "\n| 0.003 | 2 | %.2f ± %.2f%% |",
                (best[0] + best[1]) / 2,
                Math.abs(best[0] - best[1]) / Math.sqrt(2)))
        .containsPattern("\n2.1-learning-rate-1e30-seed-1 failed: .*not a number");
    assertThat(Files.readAllLines(out.resolve("sweep.csv")))
        .hasSize(3)
        .first()
        .isEqualTo(
            "learning-rate,runs,best_mean,best_stddev,last_mean,last_stddev,seconds_mean,failed");
    assertThat(Files.readAllLines(out.resolve("trials.csv")))
        .hasSize(5)
        .element(1)
        .asString()
        .matches("2.1-learning-rate-1e30-seed-0,1e30,0,.*not a number.*");
    assertThat(javax.imageio.ImageIO.read(out.resolve("sweep.png").toFile()).getWidth())
        .isEqualTo(960);
  }

  private static boolean isDone(Path run) throws IOException {
    TrialResult result = TrialResult.read(run);
    return result.isCompleted() && result.hasModel();
  }

  @Test
  void aRestartedSweepTrainsOnlyWhatIsMissing() throws Exception {
    Path out = folder.resolve("sweep");
    String grid = "--iterations 50,1500";
    Path early = out.resolve("2.1-iterations-50");
    Path late = out.resolve("2.1-iterations-1500");
    Process process =
        SparkProgram.start(folder, "spark.Sweep", arguments(grid, out, "--checkpoint-seconds=1"));
    SparkProgram.await(process, folder, () -> isDone(early));
    SparkProgram.await(process, folder, () -> Files.isDirectory(late) && Checkpoints.isIn(late));
    process.destroyForcibly().waitFor();
    assertThat(TrialResult.read(late).isCompleted()).isFalse(); // it was in the middle
    FileTime ended = Files.getLastModifiedTime(early.resolve("run.json"));

    ProgramResult other = sweep("--seed 0..2", out);
    assertThat(other.exitCode()).isEqualTo(1);
    assertThat(other.err()).contains("contains a different sweep").hasLineCount(1);

    ProgramResult result = sweep(grid, out, "--checkpoint-seconds=1");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("2 runs, 1 of them");
    assertThat(Files.getLastModifiedTime(early.resolve("run.json"))).isEqualTo(ended);
    Path single = TrainedModel.run(folder.resolve("single"), "--data=" + data, "--iterations=1500");
    assertEqualRuns(late, single);
    assertThat(sweep(grid, out, "--checkpoint-seconds=1").out()).contains("2 runs, 0 of them");
  }

  @Test
  void rejectsWrongOptionsBeforeCreatingAnything() throws Exception {
    Path out = folder.resolve("sweep");
    for (String grid : List.of("--seed 0..1 --run-dir x", "--seed a,b", "--no-such 1", "0.1")) {
      ProgramResult result = sweep(grid, out);
      assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
      assertThat(result.err()).startsWith("error: ").doesNotContain("\tat ");
    }
    assertThat(files(folder)).isEmpty();

    Files.writeString(Files.createDirectory(out).resolve("diary"), "good");
    ProgramResult occupied = sweep("--seed 0..1", out);
    assertThat(occupied.exitCode()).isEqualTo(1);
    assertThat(occupied.err()).contains("is not a sweep").hasLineCount(1);
    assertThat(files(out)).containsExactly("diary");
  }
}
