package mnist.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import mnist.FewDigits;
import mnist.Stages;
import mnist.app.Program;
import mnist.app.Training;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a terminal, which the command {@code script} of util-linux plays. */
class TerminalTest {
  private static final Pattern BAR = Pattern.compile("\r\033\\[K(stage 2\\.1 [^\r\n]*)");

  /** Starts the command in its arguments on a terminal of $COLUMNS columns. */
  private static final String ON_A_TERMINAL =
      "for word; do command=\"$command '$word'\"; done;"
          + " exec script -qec \"stty cols $WIDTH; exec $command\" /dev/null < /dev/null";

  @TempDir static Path shared;
  private static String[] options;
  private static String plain;

  @TempDir Path folder;

  @BeforeAll
  static void thereIsATerminal() throws IOException {
    try {
      Process script = new ProcessBuilder("script", "--version").start();
      String version = new String(script.getInputStream().readAllBytes(), UTF_8);
      assumeTrue(version.contains("util-linux"), "script is not that of util-linux");
    } catch (IOException e) {
      assumeTrue(false, "no command script that could play a terminal");
    }
  }

  /** What the same run prints where there is no terminal. */
  @BeforeAll
  static void runWithoutATerminal() throws IOException {
    options =
        new String[] {
          "--data=" + FewDigits.writeTo(shared.resolve("digits")),
          "--iterations=200",
          "--no-export",
          "--no-onednn",
          "--run-dir=" + shared.resolve("plain")
        };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream printed = new PrintStream(out, true, UTF_8);
    Stage stage = Stages.named("2.1");
    assertThat(Training.run(stage, new TrainingListener() {}, printed, System.err, options))
        .isZero();
    plain = out.toString(UTF_8);
    assertThat(plain).doesNotContain("\033", "\r");
  }

  private String transcript(int columns, String kind) throws Exception {
    options[options.length - 1] = "--run-dir=terminal";
    Process process =
        Program.start(
            folder,
            Map.of("WIDTH", String.valueOf(columns), "TERM", kind),
            List.of("sh", "-c", ON_A_TERMINAL, "sh"),
            "Mnist21FiveLayersReluLrDecay",
            options);
    Program.Run run = Program.end(folder, process);
    assertThat(run.exitCode()).as(run.out()).isZero();
    return run.out().replace("\r\n", "\n");
  }

  /** Without what differs from run to run: the folder, and the times. */
  private static String comparable(String text) {
    assertThat(text).contains("Recording in ", "  time      ");
    return text.replaceAll("Recording in .*", "Recording").replaceAll("  time  .*", "  time");
  }

  /** Narrow enough for the bar to be cut, and wide enough to be wider than usual. */
  @ParameterizedTest
  @ValueSource(ints = {30, 120})
  void theBarIsAsWideAsTheTerminalAndLeavesNoTrace(int columns) throws Exception {
    String transcript = transcript(columns, "xterm");

    List<String> bars = BAR.matcher(transcript).results().map(bar -> bar.group(1)).toList();
    assertThat(bars).isNotEmpty().allMatch(bar -> bar.length() == columns - 1);
    assertThat(transcript.indexOf("Recording in")).isLessThan(transcript.indexOf('\r'));

    assertThat(new Screen(columns).show(comparable(transcript)))
        .isEqualTo(new Screen(columns).show(comparable(plain)));
  }

  @Test
  void aTerminalThatCannotEraseGetsNoBar() throws Exception {
    assertThat(transcript(120, "dumb")).contains("Recording in").doesNotContain("\033", "\r");
  }
}
