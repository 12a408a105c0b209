package mnist.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import mnist.TestData;
import mnist.app.Program;
import mnist.runs.RunFolder;
import mnist.runs.RunInfo;
import mnist.training.Measurement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first iterations of two runs. */
class MeasurementsTest {
  @TempDir Path folder;

  private String measure() throws Exception {
    Process process =
        Program.start(
            folder,
            List.of(),
            "bench.Measurements",
            "--only=accuracy",
            "--stage=1.0",
            "--seeds=0,1",
            "--iterations=20",
            "--data=" + TestData.drawnDigits().source(),
            "--runs=" + folder);
    Program.Run run = Program.end(folder, process);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run.out();
  }

  private RunInfo run(int seed) throws Exception {
    return RunFolder.at(folder.resolve("1.0-" + seed)).info();
  }

  private static String percent(Measurement measurement) {
    return String.format(Locale.ROOT, "%.2f", 100 * measurement.accuracy());
  }

  @Test
  void keepsCompletedRunsAndResumesOthers() throws Exception {
    String report = measure();

    RunInfo first = run(0);
    RunInfo second = run(1);
    assertThat(second.options().hyperparameters.seed).isEqualTo(1);
    assertThat(second.results().steps()).isEqualTo(21);
    String accuracies =
        percent(first.results().bestTest()) + ", " + percent(second.results().bestTest());
    assertThat(report)
        .startsWith("| machine ")
        .contains("\n## Accuracy and time\n\n`make measurements ARGS=\"--only accuracy\"`, 20");
    assertThat(report.lines().filter(line -> line.startsWith("| 1.0 ")))
        .singleElement()
        .asString()
        .contains("| " + accuracies + " ");

    Path info = folder.resolve("1.0-1/run.json");
    Files.writeString(info, Files.readString(info).replace(RunInfo.COMPLETED, "interrupted"));
    assertThat(measure()).contains("| " + accuracies + " ");

    assertThat(run(0)).usingRecursiveComparison().isEqualTo(first);
    assertThat(run(1).status()).isEqualTo(RunInfo.COMPLETED);
    assertThat(run(1).resumed()).hasSize(1);
  }
}
