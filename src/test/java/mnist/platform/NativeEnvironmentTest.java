package mnist.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mnist.FewDigits;
import mnist.app.Program;
import mnist.app.Program.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What TensorFlow itself has to say is seen; in processes, since it may be the last that is. */
class NativeEnvironmentTest {
  @TempDir Path folder;

  private Run giveUp(String when) throws Exception {
    return Program.end(folder, Program.start(folder, List.of(), "platform.FatalMessage", when));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whyTensorFlowGivesUpIsSeen() throws Exception {
    Run run = giveUp("after");
    assertThat(run.out()).startsWith("loaded");
    assertThat(run.err()).contains("the last words");
    assertThat(run.exitCode()).isEqualTo(128 + 6); // SIGABRT
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whyTensorFlowGivesUpIsSeenEvenWhileItLoads() throws Exception {
    Run run = giveUp("loads");
    assertThat(run.out()).doesNotContain("loaded");
    assertThat(run.err()).contains("the last words");
    assertThat(run.exitCode()).isEqualTo(128 + 6);
  }

  /** Which it notices when it opens its first session. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFlagThatTensorFlowDoesNotKnowIsTold() throws Exception {
    Run run =
        Program.end(
            folder,
            Program.start(
                folder,
                Map.of("TF_XLA_FLAGS", "--nonsense"),
                List.of(),
                "Mnist10Softmax",
                "--data=" + FewDigits.writeTo(folder.resolve("digits"))));
    assertThat(run.err()).contains("Unknown flags in TF_XLA_FLAGS: --nonsense");
    assertThat(run.exitCode()).isEqualTo(128 + 6);
  }

  /** A page may load a model at any time, and standard error belongs to the whole process. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void redirectsStandardErrorOncePerProcess() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Run run =
        Program.end(
            folder,
            Program.start(
                folder,
                Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temporary),
                List.of(),
                "platform.FatalMessage",
                "again"));
    assertThat(run.out()).as(run.err()).contains("loaded", "created [last]");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void whatTheUserSetsStays() throws Exception {
    Run run =
        Program.end(
            folder,
            Program.start(
                folder,
                Map.of("TF_CPP_MIN_LOG_LEVEL", "0"),
                List.of(),
                "Mnist10Softmax",
                "--data=" + FewDigits.writeTo(folder.resolve("digits")),
                "--iterations=0"));
    assertThat(run.err()).contains("MLIR", "cpu_feature_guard");
    assertThat(run.exitCode()).isZero();
  }
}
