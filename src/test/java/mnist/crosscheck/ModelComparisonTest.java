package mnist.crosscheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mnist.Stages;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.training.Stage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The round trip where Python's environment has been made, as {@code make crosscheck} does. */
class ModelComparisonTest {
  private static final Path SCRIPTS = Path.of("python-reference").toAbsolutePath();

  @TempDir Path temporary;

  static boolean pythonIsThere() {
    return Files.exists(SCRIPTS.resolve(".venv"));
  }

  @Test
  @EnabledIf("pythonIsThere")
  void modelsGoBothWays() throws Exception {
    String name = "2.2"; // with dropout, which must be gone
    Stage stage = Stages.named(name);
    DataSet digits = TestData.drawnDigits();
    Path data = Path.of(digits.source());
    Conditions conditions = Conditions.defaultValue(stage, 20, digits);
    PythonReference python = PythonReference.open(SCRIPTS, "python3", System.out);
    int asked = 300;
    Path run = temporary.resolve("run");
    Path model = temporary.resolve("model");
    Path used = temporary.resolve("used");

    python.train(name, data, 20, false, run);
    StageComparison.of(
        stage, conditions, digits, ReferenceRun.read(run, conditions), Optional.of(model));
    python.useModels(List.of(model), data, asked, false, used);
    ModelComparison found = ModelComparison.of(model, used, 0, run, digits.test(), asked);

    assertThat(found.withinBounds()).as(found.toString()).isTrue();
    assertThat(found.accuracy()).isEqualTo(found.bestAccuracy()).isGreaterThan(0.2f);
  }
}
