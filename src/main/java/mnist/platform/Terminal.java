package mnist.platform;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;

/** The terminal that standard error may be. */
public final class Terminal {
  private interface Posix extends Library {
    int isatty(int fileDescriptor);

    int ioctl(int fileDescriptor, long request, Object... size);
  }

  private interface WindowsRuntime extends Library {
    int _isatty(int fileDescriptor);
  }

  private static final int STANDARD_ERROR = 2;
  private static final int USUAL_WIDTH = 80;

  private Terminal() {}

  /** Whether standard error is a terminal that a progress bar can be drawn on. */
  public static boolean isThere() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      return Platform.isWindows()
          ? Native.load("ucrtbase", WindowsRuntime.class)._isatty(STANDARD_ERROR) != 0
          : Native.load("c", Posix.class).isatty(STANDARD_ERROR) != 0;
    } catch (LinkageError e) {
      return false;
    }
  }

  /** Its columns now, since its window can change; 80 where it does not say. */
  public static int width() {
    if (!Platform.isLinux() && !Platform.isMac()) {
      return USUAL_WIDTH;
    }
    short[] size = new short[4]; // rows, columns, pixels both ways
    long getWindowSize = Platform.isMac() ? 0x40087468L : 0x5413L;
    try {
      Native.load("c", Posix.class).ioctl(STANDARD_ERROR, getWindowSize, (Object) size);
    } catch (LinkageError e) {
      return USUAL_WIDTH;
    }
    return size[1] > 0 ? size[1] : USUAL_WIDTH;
  }
}
