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

/** Runs where {@code make crosscheck} has created Python's environment. */
class ModelComparisonTest {
  private static final Path SCRIPTS = Path.of("python-reference").toAbsolutePath();

  @TempDir Path temporary;

  static boolean hasPython() {
    return Files.exists(SCRIPTS.resolve(".venv"));
  }

  @Test
  @EnabledIf("hasPython")
  void modelsWorkInBothLanguages() throws Exception {
    String name = "2.2"; // with dropout, which a model must not apply
    Stage stage = Stages.named(name);
    DataSet digits = TestData.drawnDigits();
    Path data = Path.of(digits.source());
    Conditions conditions = Conditions.defaults(stage, 20, digits);
    PythonReference python = PythonReference.open(SCRIPTS, "python3", System.out);
    int images = 300;
    Path run = temporary.resolve(name);
    Path model = temporary.resolve("model");
    Path results = temporary.resolve("results");

    python.run(
        "train_stages.py", false, List.of("--data=" + data, "--out=" + temporary, name + ":20"));
    StageComparison.of(
        stage, conditions, digits, ReferenceRun.read(run, conditions), Optional.of(model));
    python.run(
        "models.py",
        false,
        List.of("--data=" + data, "--images=" + images, "--out=" + results, model.toString()));
    ModelComparison found = ModelComparison.of(model, results, 0, run, digits.test(), images);

    assertThat(found.withinBounds()).as(found.toString()).isTrue();
    assertThat(found.accuracy()).isEqualTo(found.bestAccuracy()).isGreaterThan(0.2f);
  }
}
