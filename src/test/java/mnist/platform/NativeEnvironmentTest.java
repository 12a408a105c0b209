package mnist.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.app.Program;
import mnist.app.Program.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.TensorFlow;

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

  // ---- Where the library cannot be loaded

  private Run runWith(String javaOption, Map<String, String> environment, String... starter)
      throws Exception {
    Map<String, String> all = new HashMap<>(environment);
    all.put("JDK_JAVA_OPTIONS", javaOption);
    return Program.end(
        folder,
        Program.start(
            folder,
            all,
            List.of(starter),
            "Mnist10Softmax",
            "--data=" + FewDigits.writeTo(folder.resolve("digits")),
            "--iterations=0",
            "--run-dir=run"));
  }

  private String lastLine(Run run) {
    return run.err().lines().reduce((first, second) -> second).orElse("");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsTold() throws Exception {
    Path cache = folder.resolve("cache");
    Run run =
        runWith(
            "-XX:-UsePerfData -Dorg.bytedeco.javacpp.cachedir=" + cache,
            Map.of(),
            "sh",
            "-c",
            "ulimit -f 1000; exec \"$@\"", // in blocks of 512 bytes
            "sh");
    assertThat(lastLine(run))
        .isEqualTo(
            "error: TensorFlow's native library cannot be loaded: cannot unpack it to "
                + cache
                + ": File too large; JDK_JAVA_OPTIONS=-Dorg.bytedeco.javacpp.cachedir=DIR chooses"
                + " another folder");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileSystemThatForbidsExecutionIsTold() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    String mount = "mount -t tmpfs -o noexec none '" + cache + "'";
    List<String> inMounts = List.of("unshare", "-rm", "sh", "-c");
    assumeThat(new ProcessBuilder(with(inMounts, mount)).start().waitFor()).isZero();
    Run run =
        runWith(
            "-Dorg.bytedeco.javacpp.cachedir=" + cache,
            Map.of(),
            with(inMounts, mount + " && exec \"$@\"", "sh").toArray(String[]::new));
    assertThat(lastLine(run))
        .startsWith("error: TensorFlow's native library cannot be loaded: the file system of ")
        .contains(cache + " forbids execution (noexec); JDK_JAVA_OPTIONS=");
    assertThat(run.exitCode()).isEqualTo(1);
  }

  private static List<String> with(List<String> start, String... more) {
    return Stream.concat(start.stream(), Stream.of(more)).toList();
  }

  @Test
  void anUnknownHomeIsToldAndNotCreated() throws Exception {
    Run run = runWith("-Duser.home=?", Map.of());
    assertThat(lastLine(run)).contains("the user's home folder is unknown; JDK_JAVA_OPTIONS=");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(folder.toFile().list()).containsOnly("digits", "out.txt", "err.txt");
  }

  // ---- Kernels are those that run.json tells

  @Test
  void withoutJnaKernelsAreThoseOfTheEnvironment() throws Exception {
    String noFolder = "-Djna.tmpdir=" + Files.createFile(folder.resolve("file"));
    Run refused = runWith(noFolder, Map.of());
    assertThat(lastLine(refused))
        .startsWith("error: TF_ENABLE_ONEDNN_OPTS cannot be set to 1: JNA's library cannot be")
        .endsWith("; or JDK_JAVA_OPTIONS=-Djna.tmpdir=DIR chooses another folder");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(folder.resolve("run")).doesNotExist();

    Run trained = runWith(noFolder, Map.of("TF_ENABLE_ONEDNN_OPTS", "0"));
    assertThat(trained.exitCode()).as(trained.err()).isZero();
    assertThat(folder.resolve("run/run.json")).content().contains("\"onednn\" : false");
  }

  static final class LoadedBefore {
    private LoadedBefore() {}

    public static void main(String[] args) {
      TensorFlow.version();
      System.out.println(NativeEnvironment.load(false));
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void aLibraryThatIsLoadedAlreadyKeepsItsKernels() throws Exception {
    Map<String, String> environment = Map.of("TF_ENABLE_ONEDNN_OPTS", "1");
    Run run =
        Program.end(
            folder,
            Program.start(
                folder, environment, List.of(), "platform.NativeEnvironmentTest$LoadedBefore"));
    assertThat(run.out()).endsWith("true\n");
  }
}
