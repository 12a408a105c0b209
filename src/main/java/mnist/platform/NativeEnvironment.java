package mnist.platform;

import static mnist.platform.CLibrary.STANDARD_ERROR;

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
 * Configures and loads TensorFlow's native library. The library reads environment variables as it
 * loads. Java cannot change its own environment, so they are set through the C library, before
 * TensorFlow's first class is used.
 */
public final class NativeEnvironment {
  private static final String LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL";
  private static final String ONEDNN = "TF_ENABLE_ONEDNN_OPTS";
  private static final String THREADS = "TF_NUM_INTRAOP_THREADS";

  private static final Pattern STARTUP_LOG =
      Pattern.compile("^(I\\d{4} |WARNING: All log messages before absl::InitializeLog)");

  private NativeEnvironment() {}

  /**
   * Loads TensorFlow without its startup logs and with oneDNN's faster kernels, which TensorFlow
   * itself enables on some processors only. Variables that the user has set are respected, except
   * that {@code oneDnn} false always disables oneDNN.
   *
   * @return whether oneDNN is enabled
   * @throws LinkageError if TensorFlow does not support this platform
   */
  public static boolean load(boolean oneDnn) {
    boolean enabled = false;
    if (oneDnn) {
      setIfUnset(ONEDNN, "1");
      String value = System.getenv(ONEDNN);
      enabled = value == null || !(value.equals("0") || value.equalsIgnoreCase("false"));
    } else {
      set(ONEDNN, "0");
    }
    boolean quiet = System.getenv(LOG_LEVEL) == null;
    setIfUnset(LOG_LEVEL, "2"); // errors only
    TensorFlow.version();
    if (quiet && !Platform.isWindows()) {
      FirstGraph.ensureRun();
    }
    return enabled;
  }

  /**
   * Runs every operation on a single thread, so that results do not depend on the number of
   * processors, unless the user has set {@code TF_NUM_INTRAOP_THREADS}. Takes effect only before
   * {@link #load}.
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
      CLibrary c = CLibrary.load();
      if (Platform.isWindows()) {
        c._putenv_s(name, value);
      } else {
        c.setenv(name, value, 1);
      }
    } catch (LinkageError e) {
      // JNA does not support this platform: TensorFlow runs with its defaults.
    }
  }

  /** Runs the first graph once per process, as its class is initialized. */
  private static final class FirstGraph {
    static {
      runFirstGraph();
    }

    static void ensureRun() {}
  }

  /**
   * The first graph that runs logs TensorFlow's graph passes, whatever the log level. So a trivial
   * one is run here with its log suppressed. Nothing else is: errors while loading, opening the
   * first session, or later, are shown as they occur.
   */
  private static void runFirstGraph() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Session.Runner runner = session.runner().fetch(Ops.create(graph).constant(0));
      CLibrary c = CLibrary.load();
      Path log = Files.createTempFile("tensorflow", ".log");
      int terminal = c.dup(STANDARD_ERROR);
      int file = c.creat(log.toString(), 0600);
      c.dup2(file, STANDARD_ERROR);
      try {
        runner.run().close();
      } finally {
        c.dup2(terminal, STANDARD_ERROR);
        c.close(file);
        c.close(terminal);
        Files.readString(log, StandardCharsets.ISO_8859_1)
            .lines()
            .filter(line -> !STARTUP_LOG.matcher(line).find())
            .forEach(System.err::println);
        Files.delete(log);
      }
    } catch (IOException | LinkageError e) {
      // No temporary folder or no JNA: the messages are shown.
    }
  }
}
