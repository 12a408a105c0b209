package mnist.console;

import java.io.PrintStream;
import java.util.Locale;
import mnist.platform.Terminal;

/**
 * Progress, rate and time left on the terminal's last line, which moves down as lines are printed
 * above it.
 */
public final class ProgressLine implements AutoCloseable {
  private static final String ERASE_LINE = "\r\033[K";
  private static final long REDRAW_NANOS = 200_000_000;
  private static final int MIN_BAR = 6;
  private static final int MAX_BAR = 40;

  private final PrintStream terminal;
  private final String task;
  private final String unit;
  private final long first;
  private final long max;
  private final String note;
  private final long started = System.nanoTime();
  private long count;
  private long drawnAt;
  private boolean closed;

  /**
   * Shows the line.
   *
   * @param terminal where to draw it, usually standard error
   * @param task what is being done, a few words
   * @param unit what is counted, such as "steps"
   * @param first the count at the start; only what comes after it counts for the rate
   * @param max the count at the end, 0 if it is not known
   * @param note shown at the end of the line, may be empty
   */
  public ProgressLine(
      PrintStream terminal, String task, String unit, long first, long max, String note) {
    this.terminal = terminal;
    this.task = task;
    this.unit = unit;
    this.first = first;
    this.max = max;
    this.note = note;
    count = first;
    draw();
  }

  /** Advances to a count. */
  public synchronized void stepTo(long newCount) {
    count = newCount;
    if (System.nanoTime() - drawnAt > REDRAW_NANOS) {
      draw();
    }
  }

  /** Prints a line above this one. */
  public synchronized void println(PrintStream out, String line) {
    show("");
    out.println(line);
    out.flush();
    draw();
  }

  private void draw() {
    drawnAt = System.nanoTime();
    show(text(Terminal.width() - 1)); // the last column would wrap
  }

  private void show(String line) {
    if (!closed) {
      terminal.print(ERASE_LINE + line);
      terminal.flush();
    }
  }

  private String text(int width) {
    StringBuilder text = new StringBuilder(task);
    if (max > 0) {
      text.append(
          String.format(Locale.ROOT, " %3d%% %d/%d %s", 100 * count / max, count, max, unit));
    } else {
      text.append(" ").append(count).append(" ").append(unit);
    }
    double rate = (count - first) / ((drawnAt - started) / 1e9);
    if (count > first) {
      text.append(String.format(Locale.ROOT, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate));
      if (max > 0) {
        text.append(", ").append(time((long) Math.ceil((max - count) / rate))).append(" left");
      }
    }
    text.append(note.isEmpty() ? "" : "  " + note);
    int bar = Math.min(MAX_BAR, width - text.length() - " []".length());
    if (max > 0 && bar >= MIN_BAR) {
      int done = (int) (bar * count / max);
      text.insert(task.length(), " [" + "=".repeat(done) + " ".repeat(bar - done) + "]");
    }
    return text.substring(0, Math.max(0, Math.min(width, text.length())));
  }

  /** Such as 1:02:03 or 0:45. */
  private static String time(long seconds) {
    return seconds < 3600
        ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
        : String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  /** Removes the line. */
  @Override
  public synchronized void close() {
    show("");
    closed = true; // from now on the cursor may be on another line
  }
}
