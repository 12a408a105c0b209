package mnist.crosscheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import mnist.Stages;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.data.DataSets;
import mnist.data.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java's numbers against those that Python found, without Python. */
@EnabledIfEnvironmentVariable(named = "MNIST_DATA", matches = ".+")
class ExpectedRunTest {
  private static DataSet mnist;

  @BeforeAll
  static void openMnist() throws IOException {
    mnist = DataSets.ofThisProject(TestData.SILENT).open(DataSource.MNIST, Optional.empty());
  }

  private static ExpectedRun expected(String stage) throws IOException {
    return ExpectedRun.read(Path.of("python-reference", "expected", stage + ".json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1"})
  void trainsAsPythonDid(String stage) throws IOException {
    assertThat(expected(stage).firstDifference(Stages.named(stage), mnist, false)).isEmpty();
  }

  @Test
  void anotherStageIsNotAsExpected() throws IOException {
    assertThat(expected("2.1").firstDifference(Stages.named("3.0"), mnist, false))
        .hasValueSatisfying(text -> assertThat(text).contains("initial weights"));
    // The same initial weights, but other dropout.
    assertThat(expected("2.1").firstDifference(Stages.named("2.2"), mnist, false))
        .hasValueSatisfying(text -> assertThat(text).contains("found", "expected"));
  }
}
