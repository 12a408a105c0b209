package mnist.platform;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.op.Ops;

/**
 * Loads TensorFlow's native library as this program wants it. The library reads environment
 * variables when it loads; Java cannot change its own environment, so the C library is asked to,
 * which must come before TensorFlow's first class is touched.
 */
public final class NativeEnvironment {
  private interface Posix extends Library {
    int setenv(String name, String value, int overwrite);

    int dup(int fileDescriptor);

    int dup2(int fileDescriptor, int target);

    int creat(String path, int mode);

    int close(int fileDescriptor);
  }

  private interface WindowsRuntime extends Library {
    int _putenv_s(String name, String value);
  }

  private static final String LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL";
  private static final String ONEDNN = "TF_ENABLE_ONEDNN_OPTS";
  private static final String THREADS = "TF_NUM_INTRAOP_THREADS";
  private static final int STANDARD_ERROR = 2;

  private static final Pattern CHATTER =
      Pattern.compile("^(I\\d{4} |WARNING: All log messages before absl::InitializeLog)");

  private NativeEnvironment() {}

  /**
   * Turns oneDNN's faster kernels on, which TensorFlow itself does only on some processors, its
   * start-up messages off, and loads it. What the user has set stays, but {@code oneDnn} false is
   * the user's word too.
   *
   * @param oneDnn whether oneDNN's kernels may be used
   * @return whether they will be
   * @throws LinkageError if there is no TensorFlow for this machine
   */
  public static boolean load(boolean oneDnn) {
    boolean used = false;
    if (oneDnn) {
      setIfUnset(ONEDNN, "1");
      String set = System.getenv(ONEDNN);
      used = set == null || !(set.equals("0") || set.equalsIgnoreCase("false"));
    } else {
      set(ONEDNN, "0");
    }
    boolean quiet = System.getenv(LOG_LEVEL) == null;
    setIfUnset(LOG_LEVEL, "2"); // errors only
    TensorFlow.version();
    if (quiet && !Platform.isWindows()) {
      takeFirstMessages();
    }
    return used;
  }

  /**
   * Has every operation run on one thread, so that how many processors there are shows in no
   * number. What the user has set stays. Counts only before {@link #load}.
   */
  public static void useOneThread() {
    setIfUnset(THREADS, "1");
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

  /**
   * TensorFlow tells of its graph passes whatever the log level, once, when the first graph runs.
   * So one runs here that does next to nothing, with standard error held back just for that: what
   * TensorFlow has to say when it is loaded, when it opens its first session, or later, is seen at
   * once.
   */
  private static void takeFirstMessages() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Session.Runner nothing = session.runner().fetch(Ops.create(graph).constant(0));
      suppressStartupLogs(() -> nothing.run().close());
    } catch (IOException | LinkageError e) {
      // No folder for temporary files, or no JNA: then with its messages.
    }
  }

  private static void suppressStartupLogs(Runnable chattering) throws IOException {
    Posix c = Native.load("c", Posix.class);
    Path held = Files.createTempFile("tensorflow", ".log");
    int terminal = c.dup(STANDARD_ERROR);
    int file = c.creat(held.toString(), 0600);
    c.dup2(file, STANDARD_ERROR);
    try {
      chattering.run();
    } finally {
      c.dup2(terminal, STANDARD_ERROR);
      c.close(file);
      c.close(terminal);
      Files.readString(held, StandardCharsets.ISO_8859_1)
          .lines()
          .filter(line -> !CHATTER.matcher(line).find())
          .forEach(System.err::println);
      Files.delete(held);
    }
  }
}
