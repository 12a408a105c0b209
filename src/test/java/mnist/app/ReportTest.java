package mnist.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run prints, records and exports belongs to the same weights. */
class ReportTest {
  @TempDir Path folder;

  /** With small batches and a high learning rate, the best weights are not the last. */
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
    for (int label = 0; label < 10; label++) {
      for (int prediction = 0; prediction < 10; prediction++) {
        recorded[label][prediction] =
            results.path("confusion").path(label).path(prediction).asInt();
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

    ByteArrayOutputStream predicted = new ByteArrayOutputStream();
    exitCode =
        Predict.run(
            InputStream.nullInputStream(),
            predicted,
            System.err,
            "--model=" + folder.resolve("run/model"),
            "--labels=" + digits.resolve("t10k-labels-idx1-ubyte"),
            digits.resolve("t10k-images-idx3-ubyte").toString());
    assertThat(exitCode).isZero();
    assertThat(predicted.toString(UTF_8))
        .contains(String.format(Locale.ROOT, "%,d of 10,000 images classified correctly", correct));
    assertThat(matrixIn(predicted.toString(UTF_8))).isDeepEqualTo(recorded);
  }

  @Test
  void saysThatANetworkDidNotLearnAndSuggestsWhatToDoNext() throws Exception {
    String digits = FewDigits.writeTo(folder.resolve("digits")).toString();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String learningRate : List.of("1", "0.003")) {
      int exitCode =
          Training.run(
              Stages.named("2.1"),
              new TrainingListener() {},
              new PrintStream(out, true, UTF_8),
              System.err,
              "--data=" + digits,
              "--iterations=100",
              "--learning-rate=" + learningRate,
              "--run-dir=" + folder.resolve(learningRate));
      assertThat(exitCode).isZero();
    }
    String[] reports = out.toString(UTF_8).split("Stage 2.1: .*\\n"); // twice in each run
    assertThat(reports[2]).contains("The network did not learn", "--learning-rate");
    assertThat(reports[4]).doesNotContain("did not learn");
    assertThat(reports[4].substring(reports[4].indexOf("Next:")))
        .contains("make serve MODEL='" + folder.resolve("0.003/model") + "'\n")
        .contains("make view ARGS=\"--runs '" + folder + "'\"\n")
        .doesNotContain("make picture", "resume");
  }

  /** The ten lines after the heading and the line with the columns' names. */
  private static int[][] matrixIn(String text) {
    List<String> lines = text.lines().toList();
    int heading = 0;
    while (!lines.get(heading).contains("rows: labels")) {
      heading++;
    }
    int[][] matrix = new int[10][10];
    for (int label = 0; label < 10; label++) {
      String[] words = lines.get(heading + 2 + label).strip().split(" +");
      assertThat(words).hasSize(12).startsWith(String.valueOf(label));
      for (int prediction = 0; prediction < 10; prediction++) {
        String count = words[prediction + 1];
        matrix[label][prediction] = count.equals(".") ? 0 : Integer.parseInt(count);
      }
    }
    return matrix;
  }
}
