package mnist.platform;

import static mnist.platform.CLibrary.STANDARD_ERROR;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
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

  /** {@code bool tensorflow::IsMKLEnabled()}; MKL-DNN is what oneDNN used to be called. */
  private static final String IS_ONEDNN_ENABLED = "_ZN10tensorflow12IsMKLEnabledEv";

  private static final Pattern STARTUP_LOG =
      Pattern.compile("^(I\\d{4} |WARNING: All log messages before absl::InitializeLog)");

  private NativeEnvironment() {}

  /**
   * Loads TensorFlow without its startup logs and with oneDNN's faster kernels, which TensorFlow
   * itself enables on some processors only. Variables that the user has set are respected, except
   * that {@code oneDnn} false always disables oneDNN. What is loaded already stays as it is.
   *
   * @return whether oneDNN is enabled
   * @throws LinkageError if TensorFlow's library cannot be loaded, or a variable cannot be set; the
   *     message is one line for the user
   */
  public static synchronized boolean load(boolean oneDnn) {
    if (!Loader.getLoadedLibraries().containsKey("jnitensorflow")) {
      if (oneDnn) {
        setIfUnset(ONEDNN, "1");
      } else {
        set(ONEDNN, "0");
      }
      boolean quiet =
          System.getenv(LOG_LEVEL) == null && setIfPossible(LOG_LEVEL, "2"); // errors only
      NativeCache.folder(); // or JavaCPP might choose a worse one
      try {
        TensorFlow.version();
      } catch (LinkageError e) {
        throw NativeCache.explain(e);
      }
      if (quiet && !Platform.isWindows()) {
        runFirstGraph();
      }
    }
    return isOneDnnEnabled();
  }

  /** As TensorFlow itself says, where it can be asked; else as its variable says. */
  private static boolean isOneDnnEnabled() {
    String value;
    try {
      if (Platform.isLinux()) {
        NativeLibrary framework = NativeLibrary.getInstance("libtensorflow_framework.so.2");
        return (framework.getFunction(IS_ONEDNN_ENABLED).invokeInt(new Object[0]) & 0xff) != 0;
      }
      value = CLibrary.load().getenv(ONEDNN);
    } catch (LinkageError e) { // no JNA, so nothing has been set here
      value = System.getenv(ONEDNN);
    }
    return value == null || !(value.equals("0") || value.equalsIgnoreCase("false"));
  }

  /**
   * Runs every operation on a single thread, so that results do not depend on the number of
   * processors, unless the user has set {@code TF_NUM_INTRAOP_THREADS} or JNA's library cannot be
   * loaded. Takes effect only before {@link #load}.
   */
  public static void useOneThread() {
    setIfPossible(THREADS, "1");
  }

  private static boolean setIfPossible(String name, String value) {
    try {
      setIfUnset(name, value);
      return true;
    } catch (LinkageError e) {
      return false;
    }
  }

  private static void setIfUnset(String name, String value) {
    if (System.getenv(name) == null) {
      set(name, value);
    }
  }

  private static void set(String name, String value) {
    if (value.equals(System.getenv(name))) {
      return;
    }
    NativeCache.folder(); // without one, TensorFlow could not be loaded either
    try {
      CLibrary c = CLibrary.load();
      if (Platform.isWindows()) {
        c._putenv_s(name, value);
      } else {
        c.setenv(name, value, 1);
      }
    } catch (LinkageError e) {
      throw NativeCache.cannotUse(e)
          .orElseGet(
              () ->
                  new UnsatisfiedLinkError(
                      "%s cannot be set to %s: JNA's library cannot be loaded from %s; set it in the environment; or JDK_JAVA_OPTIONS=-D%s=DIR chooses another folder"
                          .formatted(
                              name, value, System.getProperty(CLibrary.FOLDER), CLibrary.FOLDER)));
    }
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
