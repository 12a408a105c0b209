package mnist.app;

import java.io.PrintStream;
import mnist.console.ProgressLine;
import mnist.data.sources.DataListener;
import mnist.platform.Terminal;

/** Prints what happens while a data set is opened: notices, and the progress of downloads. */
public final class DataConsole implements DataListener, AutoCloseable {
  private final PrintStream err;
  private final boolean drawsBar = Terminal.isInteractive();
  private String file = "";
  private ProgressLine bar;

  /** Prints to {@code err}, with a progress bar if that is a terminal. */
  public DataConsole(PrintStream err) {
    this.err = err;
  }

  @Override
  public void notice(String text) {
    close();
    err.println(text);
  }

  @Override
  public void downloading(String name, long bytes, long total) {
    if (!name.equals(file)) {
      close();
      file = name;
      if (drawsBar) {
        bar = new ProgressLine(err, name, "kB", 0, total / 1000, "");
      } else {
        err.printf("Downloading %s%s%n", name, total == 0 ? "" : ", " + total + " bytes");
      }
    }
    if (bar != null) {
      bar.stepTo(bytes / 1000);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
