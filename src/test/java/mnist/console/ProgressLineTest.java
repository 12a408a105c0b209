package mnist.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The progress line and the lines above it. */
class ProgressLineTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final PrintStream terminal = new PrintStream(shown, true, UTF_8);

  private ProgressLine line(long first, long max, String note) {
    return new ProgressLine(terminal, "task", "steps", first, max, note);
  }

  private List<String> screen() {
    return new Screen(80).show(shown.toString(UTF_8));
  }

  @Test
  void linesAppearAboveItAndItDisappearsAtTheEnd() {
    ProgressLine line = line(0, 10, "");
    line.println(terminal, "first");
    line.stepTo(5);
    line.println(terminal, "second");
    assertThat(screen().subList(0, 2)).containsExactly("first", "second");
    assertThat(screen().get(2)).startsWith("task [==========").contains("50% 5/10 steps, ");
    line.close();
    assertThat(screen()).containsExactly("first", "second");
  }

  @Test
  void leavesWhatIsPrintedAfterItsEnd() {
    ProgressLine line = line(0, 10, "");
    line.close();
    terminal.print("unfinished");
    line.close();
    line.stepTo(10);
    assertThat(screen()).containsExactly("unfinished");
  }

  @Test
  void rateAndTimeLeftCountFromTheFirstStep() throws InterruptedException {
    ProgressLine line = line(9000, 10_000, "http://127.0.0.1:8080/");
    assertThat(screen().get(0)).contains(" 90% 9000/10000 steps  http://127.0.0.1:8080/");
    Thread.sleep(250);
    line.stepTo(9001);
    assertThat(screen().get(0))
        .containsPattern("9001/10000 steps, [0-4]\\.\\d/s, \\d+:\\d\\d(:\\d\\d)? left  http:")
        .hasSize(79);
  }

  @Test
  void countsWhereTheEndIsUnknown() {
    line(3, 0, "");
    assertThat(screen()).containsExactly("task 3 steps");
  }
}
