package mnist.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import mnist.TestData;
import mnist.app.Program;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A short benchmark, and wrong options. */
class BenchTest {
  @TempDir Path folder;

  @Test
  void measuresInSeparateProcesses() throws Exception {
    Process process =
        Program.start(
            folder,
            List.of(),
            "bench.Bench",
            "--data=" + TestData.drawnDigits().source(),
            "--stage=1.0",
            "--rounds=1",
            "--iterations=5",
            "--long=0",
            "--predictions=0",
            "--json");
    Program.Run run = Program.end(folder, process);

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    JsonNode found = new ObjectMapper().readTree(run.out());
    assertThat(found.path("iterations").asInt()).isEqualTo(5);
    assertThat(found.has("long_training")).isFalse();
    assertThat(found.has("long_prediction")).isFalse();

    assertThat(found.path("training")).hasSize(1);
    assertThat(found.at("/training/1.0")).hasSize(1);
    JsonNode training = found.at("/training/1.0/0");
    assertThat(training.path("steps").asInt()).isEqualTo(6);
    assertThat(training.path("step_millis").asDouble()).isPositive();
    assertThat(training.path("garbage_bytes").asDouble()).isPositive();
    assertThat(training.path("total_seconds").asDouble())
        .isGreaterThanOrEqualTo(training.path("first_step_seconds").asDouble());

    assertThat(found.path("prediction")).hasSize(1);
    JsonNode prediction = found.at("/prediction/1.0/0");
    assertThat(prediction.path("load_millis").asDouble()).isPositive();
    assertThat(prediction.path("p99_millis").asDouble())
        .isGreaterThanOrEqualTo(prediction.path("median_millis").asDouble());
    for (String batch : List.of("1", "100", "10000")) {
      assertThat(prediction.path("images_per_second_by" + batch).asDouble()).isPositive();
    }

    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("out.txt", "err.txt");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--rounds must be 1 or more, found 0 | --rounds=0",
        "--iterations must be 1 or more, found 0 | --iterations=0",
        "--predictions must be 0 or more, found -1 | --predictions=-1",
        "--long must be 0 or more, found -1 | --long=-1",
        "--rounds needs a whole number, found few | --rounds=few",
        "no stage 9.0; there are [1.0, 2.0, 2.1, 2.2, 3.0, 3.1, 4.0, 4.1, 4.2, 5.0] | --stage=9.0",
        "unknown option --turns | --turns=9"
      })
  void reportsWrongOptionsInOneLine(String message, String option) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Bench.run(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), option);
    assertThat(exitCode).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .startsWith("error: ")
        .contains(message)
        .endsWith("--help lists the options.\n")
        .hasLineCount(2);
    assertThat(out.toString(UTF_8)).isEmpty();
  }
}
