package mnist.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import mnist.FewDigits;
import mnist.app.Program;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on a terminal, emulated by the command {@code script} of util-linux. */
class TerminalTest {
  private static final Pattern PROGRESS = Pattern.compile("\r\033\\[K(stage 2\\.1 [^\r\n]*)");

  /** Runs its arguments as a command on a terminal of $WIDTH columns. */
  private static final String ON_A_TERMINAL =
      "for word; do command=\"$command '$word'\"; done;"
          + " exec script -qec \"stty cols $WIDTH; exec $command\" /dev/null < /dev/null";

  @TempDir Path folder;

  @BeforeAll
  static void requireScript() throws IOException {
    try {
      Process script = new ProcessBuilder("script", "--version").start();
      String version = new String(script.getInputStream().readAllBytes(), UTF_8);
      assumeTrue(version.contains("util-linux"), "script is not the one of util-linux");
    } catch (IOException e) {
      assumeTrue(false, "the command script is not installed");
    }
  }

  private String transcript(int columns, String terminal) throws Exception {
    Process process =
        Program.start(
            folder,
            Map.of("WIDTH", String.valueOf(columns), "TERM", terminal),
            List.of("sh", "-c", ON_A_TERMINAL, "sh"),
            "Mnist21FiveLayersReluLrDecay",
            "--data=" + FewDigits.writeTo(folder.resolve("digits")),
            "--iterations=200",
            "--no-onednn",
            "--run-dir=runs/one");
    Program.Run run = Program.end(folder, process);
    assertThat(run.exitCode()).as(run.out()).isZero();
    return run.out().replace("\r\n", "\n");
  }

  @Test
  void showsProgressBelowTheTestMeasurements() throws Exception {
    String transcript = transcript(70, "xterm");

    List<String> progress = PROGRESS.matcher(transcript).results().map(m -> m.group(1)).toList();
    assertThat(progress).isNotEmpty().allMatch(line -> line.length() <= 69);
    assertThat(progress.get(progress.size() - 1)).contains("/201 steps, ", " left");
    assertThat(transcript.indexOf("Loading TensorFlow")).isLessThan(transcript.indexOf('\r'));

    List<String> screen = new Screen(80).show(transcript);
    assertThat(screen).noneMatch(PROGRESS.asPredicate()).allMatch(line -> line.length() <= 80);
    assertThat(screen.get(0)).startsWith("Stage 2.1: ");
    List<String> measurements =
        screen.stream().filter(line -> line.contains("test accuracy ")).toList();
    assertThat(measurements.subList(0, 7)) // at 0, 20 ... 100, 200
        .allMatch(
            line ->
                line.matches(
                    " *\\d+: test accuracy [ \\d]{3}\\.\\d\\d%  test loss [ \\d]{4}\\.\\d{4}"
                        + "  learning rate 0\\.00\\d{4}"))
        .last()
        .asString()
        .startsWith("200: ");
    assertThat(screen).noneMatch(line -> line.matches("\\d+: accuracy:.*"));
    assertThat(String.join("\n", screen)).contains("Next:\n", "make serve", "make view");
  }

  @Test
  void showsNoProgressWhereLinesCannotBeErased() throws Exception {
    assertThat(transcript(80, "dumb")).contains("Recording in").doesNotContain("\033", "\r");
  }
}
