package mnist.training;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The environment variables that TensorFlow's native library reads when it loads. Java cannot
 * change its own environment, so the C library is asked to, which must come before TensorFlow's
 * first class is touched.
 */
public final class NativeEnvironment {
  private interface Posix extends Library {
    int setenv(String name, String value, int overwrite);

    int isatty(int fileDescriptor);

    int dup(int fileDescriptor);

    int dup2(int fileDescriptor, int target);

    int creat(String path, int mode);

    int close(int fileDescriptor);
  }

  private interface WindowsRuntime extends Library {
    int _putenv_s(String name, String value);

    int _isatty(int fileDescriptor);
  }

  private static final String LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL";
  private static final String ONEDNN = "TF_ENABLE_ONEDNN_OPTS";
  private static final int STANDARD_ERROR = 2;

  private static final Pattern CHATTER =
      Pattern.compile("^(I\\d{4} |WARNING: All log messages before absl::InitializeLog)");

  private NativeEnvironment() {}

  /**
   * Turns oneDNN's faster kernels on, which TensorFlow itself does only on some processors, and its
   * start-up messages off. What the user has set stays, but {@code oneDnn} false is the user's word
   * too.
   *
   * @param oneDnn whether oneDNN's kernels may be used
   * @return whether they will be
   */
  public static boolean prepare(boolean oneDnn) {
    setIfUnset(LOG_LEVEL, "2"); // errors only
    if (oneDnn) {
      setIfUnset(ONEDNN, "1");
      String set = System.getenv(ONEDNN);
      return set == null || !(set.equals("0") || set.equalsIgnoreCase("false"));
    }
    set(ONEDNN, "0");
    return false;
  }

  private static void setIfUnset(String name, String value) {
    if (System.getenv(name) == null) {
      set(name, value);
    }
  }

  private static void set(String name, String value) {
    try {
      if (Platform.isWindows()) {
        Native.load("ucrtbase", WindowsRuntime.class)._putenv_s(name, value);
      } else {
        Native.load("c", Posix.class).setenv(name, value, 1);
      }
    } catch (LinkageError e) {
      // A platform that JNA does not know: TensorFlow then runs as it would anyway.
    }
  }

  /** Something that loads or starts parts of TensorFlow. */
  public interface Start<T> {
    T start() throws IOException;
  }

  /**
   * Starts something while TensorFlow's messages on standard error are held back. Some of its parts
   * tell of graph passes and devices whatever {@code TF_CPP_MIN_LOG_LEVEL} says; warnings and
   * errors are passed on afterwards.
   */
  public static <T> T withoutChatter(PrintStream err, Start<T> start) throws IOException {
    if (Platform.isWindows() || System.getenv(LOG_LEVEL) != null) {
      return start.start();
    }
    Path held;
    Posix c;
    try {
      c = Native.load("c", Posix.class);
      held = Files.createTempFile("tensorflow", ".log");
      held.toFile().deleteOnExit(); // should the process be stopped meanwhile
    } catch (IOException | LinkageError e) {
      return start.start(); // then with its messages
    }
    int terminal = c.dup(STANDARD_ERROR);
    int file = c.creat(held.toString(), 0600);
    c.dup2(file, STANDARD_ERROR);
    try {
      return start.start();
    } finally {
      c.dup2(terminal, STANDARD_ERROR);
      c.close(file);
      c.close(terminal);
      Files.readString(held, StandardCharsets.ISO_8859_1)
          .lines()
          .filter(line -> !CHATTER.matcher(line).find())
          .forEach(err::println);
      Files.delete(held);
    }
  }

  /** Whether standard error is a terminal that a progress bar can be drawn on. */
  static boolean standardErrorIsTerminal() {
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
}
