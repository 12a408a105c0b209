package mnist.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import mnist.Stages;
import mnist.TestData;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is printed, recorded and left of a run is of the same weights. */
class ReportTest {
  @TempDir Path folder;

  /** Few images at a time and a high learning rate: the best weights are not the last. */
  @Test
  void accuracyMatrixRecordAndModelAgree() throws Exception {
    Path digits = Path.of(TestData.drawnDigits().source());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int exitCode =
        Training.run(
            Stages.named("1.0"),
            new TrainingListener() {},
            new PrintStream(out, true, UTF_8),
            System.err,
            "--data=" + digits,
            "--iterations=250",
            "--batch-size=10",
            "--learning-rate=0.01",
            "--run-dir=" + folder.resolve("run"));
    assertThat(exitCode).isZero();
    String report = out.toString(UTF_8);

    JsonNode results =
        new ObjectMapper().readTree(folder.resolve("run/run.json").toFile()).path("results");
    int[][] recorded = new int[10][10];
    for (int right = 0; right < 10; right++) {
      for (int said = 0; said < 10; said++) {
        recorded[right][said] = results.path("confusion").path(right).path(said).asInt();
      }
    }
    int correct = 0;
    for (int digit = 0; digit < 10; digit++) {
      correct += recorded[digit][digit];
    }
    assertThat(correct).isBetween(2_000, 9_990);
    assertThat(results.at("/best_test/accuracy").floatValue()).isEqualTo(correct / 10_000f);
    assertThat(results.at("/last_test/accuracy").floatValue()).isLessThan(correct / 10_000f);
    assertThat(report)
        .contains(String.format(Locale.ROOT, "best test accuracy  %.2f%%", correct / 100.0));
    assertThat(matrixIn(report)).isDeepEqualTo(recorded);

    Program.Run predict =
        Program.end(
            folder,
            Program.start(
                folder,
                List.of(),
                "app.Predict",
                "--no-onednn",
                "--model=run/model",
                "--labels=" + digits.resolve("t10k-labels-idx1-ubyte"),
                digits.resolve("t10k-images-idx3-ubyte").toString()));
    assertThat(predict.err()).isEmpty();
    assertThat(predict.out())
        .contains(String.format(Locale.ROOT, "%,d of 10,000 images classified correctly", correct));
    assertThat(matrixIn(predict.out())).isDeepEqualTo(recorded);
  }

  /** The ten lines behind the one that explains them and the one that names the columns. */
  private static int[][] matrixIn(String text) {
    List<String> lines = text.lines().toList();
    int explained = 0;
    while (!lines.get(explained).contains("rows: labels")) {
      explained++;
    }
    int[][] matrix = new int[10][10];
    for (int right = 0; right < 10; right++) {
      String[] words = lines.get(explained + 2 + right).strip().split(" +");
      assertThat(words).hasSize(12).startsWith(String.valueOf(right));
      for (int said = 0; said < 10; said++) {
        String count = words[said + 1];
        matrix[right][said] = count.equals(".") ? 0 : Integer.parseInt(count);
      }
    }
    return matrix;
  }
}
