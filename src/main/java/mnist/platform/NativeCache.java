package mnist.platform;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * The folder that native libraries are unpacked to, once, and loaded from: JavaCPP's, and JNA's
 * too, so that there is only one to choose.
 */
final class NativeCache {
  private static final String PROPERTY = "org.bytedeco.javacpp.cachedir";
  private static final String REMEDY =
      "; JDK_JAVA_OPTIONS=-D" + PROPERTY + "=DIR chooses another folder";

  private NativeCache() {}

  /**
   * The folder, which is created if necessary.
   *
   * @throws UnsatisfiedLinkError if there is none
   */
  static Path folder() {
    String home = System.getProperty("user.home");
    if (System.getProperty(PROPERTY) == null && !Path.of(home).isAbsolute()) {
      // Java calls a user's unknown home "?", which would become a folder below the working folder.
      throw error("the user's home folder is unknown" + REMEDY, null);
    }
    try {
      return Loader.getCacheDir().toPath();
    } catch (IOException e) {
      throw error("cannot unpack it to the home folder or the temporary folder" + REMEDY, e);
    }
  }

  /** Why TensorFlow's library could not be loaded, of which JavaCPP tells only a consequence. */
  static UnsatisfiedLinkError explain(LinkageError e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = String.valueOf(root.getMessage());
    String reason = message.substring(message.lastIndexOf('/') + 1); // without the folder
    return cannotUse(e)
        .orElseGet(
            () ->
                error(
                    "%s on %s %s%s; see Troubleshooting in the README"
                        .formatted(
                            reason,
                            System.getProperty("os.name"),
                            System.getProperty("os.arch"),
                            reason.contains("failed to map segment")
                                ? ", for lack of memory or address space (ulimit -v)"
                                : ""),
                    e));
  }

  /**
   * Why nothing can be loaded from the folder, if that is where {@code e} comes from. To tell, what
   * JavaCPP did is done again.
   */
  static Optional<UnsatisfiedLinkError> cannotUse(LinkageError e) {
    Path folder = folder();
    try {
      if (!allowsExecution(folder)) {
        return Optional.of(
            error("the file system of " + folder + " forbids execution (noexec)" + REMEDY, e));
      }
      unpack();
      return Optional.empty();
    } catch (IOException cause) {
      String reason = ErrorMessages.withoutFile(cause);
      return Optional.of(error("cannot unpack it to " + folder + ": " + reason + REMEDY, cause));
    }
  }

  private static UnsatisfiedLinkError error(String reason, Throwable cause) {
    UnsatisfiedLinkError error =
        new UnsatisfiedLinkError("TensorFlow's native library cannot be loaded: " + reason);
    error.initCause(cause);
    return error;
  }

  private static void unpack() throws IOException {
    ClassProperties properties =
        Loader.loadProperties(tensorflow.class, Loader.loadProperties(), true);
    List<String> libraries = new ArrayList<>(properties.get("platform.preload"));
    libraries.addAll(properties.get("platform.link"));
    libraries.addAll(properties.get("platform.library"));
    for (String library : libraries) {
      for (URL url : Loader.findLibrary(tensorflow.class, properties, library)) {
        Loader.cacheResource(url);
      }
    }
  }

  private static boolean allowsExecution(Path folder) throws IOException {
    File probe = Files.createTempFile(folder, "probe", null).toFile();
    try {
      return probe.setExecutable(true) && probe.canExecute();
    } finally {
      Files.delete(probe.toPath());
    }
  }
}
