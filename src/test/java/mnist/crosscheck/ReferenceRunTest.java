package mnist.crosscheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceRunTest {
  private static final Conditions CONDITIONS =
      new Conditions("2.1", 200, 100, 0, Map.of("train-images-idx3-ubyte", "abc"));
  private static final String MEASUREMENT =
      """
      {"iteration": 0, "epoch": 1, "set": "TRAIN", "accuracy": 0.1, "loss": 230.5, "learning_rate": 0.0031}
      """;

  @TempDir Path folder;

  @BeforeEach
  void writeACompleteRun() throws IOException {
    write("run.json", run("completed", "2.1", 200, 0, "abc"));
    write("metrics.jsonl", MEASUREMENT);
    Files.write(folder.resolve("graph.pb"), new byte[0]);
    byte[] number = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(1.5f).array();
    for (String file : new String[] {"initial.f32", "gradients.f32", "final.f32"}) {
      Files.write(folder.resolve(file), number);
    }
  }

  private void write(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text);
  }

  private static String run(String status, String stage, int iterations, int seed, String sha256) {
    return """
        {"status": "%s", "stage": "%s",
         "options": {"iterations": %d, "batch_size": 100, "seed": %d},
         "data": {"sha256": {"train-images-idx3-ubyte": "%s"}},
         "results": {"median_step_ms": 0.7}}
        """
        .formatted(status, stage, iterations, seed, sha256);
  }

  @Test
  void readsACompleteRun() throws Exception {
    ReferenceRun run = ReferenceRun.read(folder, CONDITIONS);
    assertThat(run.finalWeights()).containsExactly(1.5f);
    assertThat(run.medianStepMillis()).isEqualTo(0.7);
    assertThat(run.measurements()).hasSize(1);
    assertThat(run.measurements().get(0).loss()).isEqualTo(230.5f);
  }

  private void assertRejected(String... message) {
    assertThatExceptionOfType(CrossCheckException.class)
        .isThrownBy(() -> ReferenceRun.read(folder, CONDITIONS))
        .satisfies(e -> assertThat(e.getMessage()).contains(message).hasLineCount(1));
  }

  @Test
  void rejectsAnInterruptedRun() throws IOException {
    Files.delete(folder.resolve("run.json"));
    assertRejected("no run.json", "interrupted");
    write("run.json", run("running", "2.1", 200, 0, "abc"));
    assertRejected("running", "expected completed");
    write("run.json", "{\"status\":");
    assertRejected("run.json is damaged");
    write("run.json", run("completed", "2.1", 200, 0, "abc").replace("iterations", "steps"));
    assertRejected("run.json has no usable options.iterations");
  }

  @Test
  void rejectsADifferentRun() throws IOException {
    write("run.json", run("completed", "2.2", 200, 0, "abc"));
    assertRejected("stage is 2.2, expected 2.1");
    write("run.json", run("completed", "2.1", 10000, 0, "abc"));
    assertRejected("last iteration is 10000, expected 200");
    write("run.json", run("completed", "2.1", 200, 5, "abc"));
    assertRejected("seed is 5, expected 0");
    write("run.json", run("completed", "2.1", 200, 0, "def"));
    assertRejected("SHA-256 of train-images-idx3-ubyte is def, expected abc");
  }

  @Test
  void rejectsAMissingMetric() throws IOException {
    write("metrics.jsonl", MEASUREMENT + MEASUREMENT.replace("loss", "perte"));
    assertRejected("line 2 has no usable loss");
    write("metrics.jsonl", MEASUREMENT + "{\"iteration\": 20,");
    assertRejected("line 2 is damaged");
  }

  @Test
  void rejectsAMissingFile() throws IOException {
    Files.delete(folder.resolve("final.f32"));
    assertRejected("final.f32", "interrupted");
  }

  @Test
  void differencesAreMeasured() throws Exception {
    assertThat(Difference.between("x", new float[] {1, 2}, new float[] {1, 2}).equalBits())
        .isTrue();
    Difference apart = Difference.between("x", new float[] {1, 220}, new float[] {1, 200});
    assertThat(apart.equalBits()).isFalse();
    assertThat(apart.largest()).isEqualTo(20);
    assertThat(apart.largestRelative()).isEqualTo(0.1);
    assertThat(Difference.between("x", new float[] {Float.NaN}, new float[] {1}).largest())
        .isInfinite();
    assertThatExceptionOfType(CrossCheckException.class)
        .isThrownBy(() -> Difference.between("x", new float[1], new float[2]))
        .withMessageContaining("Java has 1 numbers, Python 2");
  }
}
