package mnist.platform;

import static mnist.platform.CLibrary.STANDARD_ERROR;
import static mnist.platform.CLibrary.STANDARD_OUTPUT;

import com.sun.jna.Platform;

/** The terminal that standard error may be connected to. */
public final class Terminal {
  private static final int DEFAULT_WIDTH = 80;

  private Terminal() {}

  /** Whether standard error is a terminal that can show a progress bar. */
  public static boolean isInteractive() {
    return !"dumb".equals(System.getenv("TERM")) && isTerminal(STANDARD_ERROR);
  }

  /** Whether standard output is a terminal. */
  public static boolean isStandardOutput() {
    return isTerminal(STANDARD_OUTPUT);
  }

  private static boolean isTerminal(int fileDescriptor) {
    try {
      CLibrary c = CLibrary.load();
      return Platform.isWindows() ? c._isatty(fileDescriptor) != 0 : c.isatty(fileDescriptor) != 0;
    } catch (LinkageError e) {
      return false;
    }
  }

  /** The current width in columns, which changes with the window; 80 if unknown. */
  public static int width() {
    if (!Platform.isLinux() && !Platform.isMac()) {
      return DEFAULT_WIDTH;
    }
    short[] size = new short[4]; // rows, columns, width and height in pixels
    long getWindowSize = Platform.isMac() ? 0x40087468L : 0x5413L;
    try {
      CLibrary.load().ioctl(STANDARD_ERROR, getWindowSize, (Object) size);
    } catch (LinkageError e) {
      return DEFAULT_WIDTH;
    }
    return size[1] > 0 ? size[1] : DEFAULT_WIDTH;
  }
}
