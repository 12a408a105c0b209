package mnist.platform;

import static mnist.platform.CLibrary.STANDARD_ERROR;

import com.sun.jna.Platform;

/** The terminal that standard error may be connected to. */
public final class Terminal {
  private static final int DEFAULT_WIDTH = 80;

  private Terminal() {}

  /** Whether standard error is a terminal that can show a progress bar. */
  public static boolean isInteractive() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      CLibrary c = CLibrary.load();
      return Platform.isWindows() ? c._isatty(STANDARD_ERROR) != 0 : c.isatty(STANDARD_ERROR) != 0;
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
