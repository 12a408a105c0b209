package mnist.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

/** The bar and the lines above it. */
class ProgressLineTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final PrintStream terminal = new PrintStream(shown, true, UTF_8);

  @Test
  void linesStandAboveTheBarWhichGoesInTheEnd() {
    ProgressLine bar = new ProgressLine(terminal, "task", "steps", 0, 10, "");
    bar.println(terminal, "first");
    bar.stepTo(5);
    bar.println(terminal, "second");
    bar.close();
    assertThat(new Screen(80).show(shown.toString(UTF_8))).containsExactly("first", "second");
  }

  @Test
  void whatIsPrintedAfterItsEndStays() {
    ProgressLine bar = new ProgressLine(terminal, "task", "steps", 0, 10, "");
    bar.close();
    terminal.print("unfinished");
    bar.close();
    assertThat(new Screen(80).show(shown.toString(UTF_8))).containsExactly("unfinished");
  }
}
