package mnist.crosscheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import mnist.TestData;
import mnist.app.Program;
import mnist.app.Program.Run;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The cross-check as a user starts it, without Python. */
class CrossCheckTest {
  private static final Path EXPECTED = Path.of("python-reference", "expected");

  @TempDir Path folder;
  private Path scripts;

  @BeforeEach
  void createScriptsFolder() throws IOException {
    scripts = Files.createDirectory(folder.resolve("scripts"));
  }

  /** Copies a recorded run to the scripts folder, with one replacement. */
  private void copyExpected(String file, String from, String to) throws IOException {
    String kept = Files.readString(EXPECTED.resolve(file));
    assertThat(kept).contains(from);
    Path copy = scripts.resolve("expected").resolve(file);
    Files.createDirectories(copy.getParent());
    Files.writeString(copy, kept.replaceFirst(Pattern.quote(from), to));
  }

  private Run run(String... args) throws Exception {
    return Program.end(folder, Program.start(folder, List.of(), "crosscheck.CrossCheck", args));
  }

  private Run checkWithoutPython(String data, String... more) throws Exception {
    List<String> args =
        new ArrayList<>(List.of("--python=/nonexistent", "--scripts=" + scripts, "--data=" + data));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"off", "on"})
  void checksAgainstTheRecordedRunsOfTheSameKernels(String oneDnn) throws Exception {
    String mnist = TestData.mnist().source();
    copyExpected("onednn-" + oneDnn + "/1.0.json", "", "");
    copyExpected("onednn-" + oneDnn + "/2.2.json", "", "");
    List<String> args = new ArrayList<>(List.of("--stage=1.0", "--stage=2.2"));
    if (oneDnn.equals("on")) {
      args.add("--onednn");
    }

    Run run = checkWithoutPython(mnist, args.toArray(String[]::new));

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines())
        .hasSize(5)
        .startsWith(
            "/nonexistent cannot be started; install Python 3.10 to 3.13 with its venv module")
        .anyMatch(line -> line.endsWith("oneDNN " + oneDnn))
        .anyMatch(line -> line.startsWith("1.0  as expected"))
        .anyMatch(line -> line.startsWith("2.2  as expected"));
  }

  @Test
  void reportsADifferentNumberInOneLine() throws Exception {
    String mnist = TestData.mnist().source();
    copyExpected("onednn-off/1.0.json", "230.25851", "231.25851");
    Run run = checkWithoutPython(mnist, "--stage=1.0");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines().skip(3))
        .singleElement()
        .asString()
        .startsWith("1.0  different loss: found ")
        .contains("expected", "231.25851");
  }

  @Test
  void reportsUnusableFilesInOneLine() throws Exception {
    String mnist = TestData.mnist().source();
    assertFails(checkWithoutPython(mnist), "1.0.json: no such file or folder");
    copyExpected("onednn-off/1.0.json", "measurements", "\"");
    assertFails(checkWithoutPython(mnist), "1.0.json is damaged at character");
    assertFails(checkWithoutPython(TestData.drawnDigits().source()), "MNIST");
  }

  private static void assertFails(Run run, String... message) {
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).startsWith("error: ").contains(message).hasLineCount(1);
  }

  @Test
  void reportsWrongOptions() throws Exception {
    assertRejected(run("--stage=9.9"), "--stage: no stage 9.9; there are [1.0, 2.0, 2.1");
    assertRejected(run("--stages=1.0"), "unknown option --stages; did you mean --stage?");
  }

  private static void assertRejected(Run run, String... message) {
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(message).contains("--help").hasLineCount(2);
  }
}
