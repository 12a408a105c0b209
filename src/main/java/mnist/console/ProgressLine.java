package mnist.console;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import mnist.platform.Terminal;

/**
 * A progress bar with rate and time left on the terminal's last line, which moves down as lines are
 * printed above it.
 */
public final class ProgressLine implements AutoCloseable {
  private static final String ERASE_LINE = "\r\033[K";

  private final PrintStream terminal;
  private final ProgressBar bar;
  private String drawn = "";
  private boolean closed;

  /**
   * Shows the bar.
   *
   * @param terminal where to draw it, usually standard error
   * @param task what goes on, a few words
   * @param unit of the rate, such as " steps"
   * @param unitSize how many counts make one unit
   * @param max the count at which it is full
   */
  public ProgressLine(PrintStream terminal, String task, String unit, long unitSize, long max) {
    this.terminal = terminal;
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setUnit(unit, unitSize)
            .setInitialMax(max)
            .setStyle(ProgressBarStyle.UNICODE_BLOCK)
            .setUpdateIntervalMillis(200)
            .showSpeed()
            .setConsumer(new Drawing())
            .build();
  }

  /** Moves on to a count. */
  public void stepTo(long count) {
    bar.stepTo(count);
  }

  /** Prints a line above the bar. */
  public synchronized void println(PrintStream out, String line) {
    terminal.print(ERASE_LINE);
    terminal.flush();
    out.println(line);
    out.flush();
    terminal.print(drawn);
    terminal.flush();
  }

  private synchronized void draw(String line) {
    if (!closed) {
      drawn = line;
      terminal.print(ERASE_LINE + line);
      terminal.flush();
    }
  }

  private synchronized void erase() {
    if (closed) {
      return; // the cursor is on another line by now
    }
    closed = true;
    drawn = "";
    terminal.print(ERASE_LINE);
    terminal.flush();
  }

  @Override
  public void close() {
    bar.close();
    erase();
  }

  private final class Drawing implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return Terminal.width() - 1; // a line that fills the last column would wrap
    }

    @Override
    public void accept(String line) {
      draw(line);
    }

    @Override
    public void close() {
      erase();
    }
  }
}
