package mnist.platform;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.tensorflow.TensorFlow;
import picocli.CommandLine.IVersionProvider;

/** What a run's numbers depend on besides its options: software versions and the platform. */
public final class Versions implements IVersionProvider {
  /** Instruction sets that TensorFlow's choice of kernels depends on. */
  private static final List<String> CPU_FLAGS =
      List.of("sse4_2 avx avx2 fma avx512f avx512_vnni avx512_bf16 avx_vnni amx_tile".split(" "));

  /** Environment variables that affect TensorFlow's kernels or threads. */
  private static final List<String> VARIABLES =
      List.of(
          "TF_ENABLE_ONEDNN_OPTS",
          "TF_NUM_INTRAOP_THREADS",
          "TF_NUM_INTEROP_THREADS",
          "OMP_NUM_THREADS",
          "CUDA_VISIBLE_DEVICES");

  @Override
  public String[] getVersion() {
    return new String[] {"mnist-tensorflow-java " + program()};
  }

  /** The versions of the program, TensorFlow and Java. Loads TensorFlow. */
  public static Map<String, String> all() {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("program", program());
    versions.put("tensorflow", TensorFlow.version());
    versions.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    return versions;
  }

  private static String program() {
    try (InputStream in = Versions.class.getResourceAsStream("/mnist/version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Operating system, processor and environment.
   *
   * @param oneDnn whether oneDNN's kernels are enabled
   */
  public static Map<String, Object> platform(boolean oneDnn) {
    Map<String, Object> platform = new LinkedHashMap<>();
    platform.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    platform.put("arch", System.getProperty("os.arch"));
    platform.put("processors", Runtime.getRuntime().availableProcessors());
    cpuInfo("model name").ifPresent(model -> platform.put("cpu", model));
    platform.put("cpu_flags", cpuFlags());
    platform.put("onednn", oneDnn);
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : VARIABLES) {
      if (System.getenv(variable) != null) {
        environment.put(variable, System.getenv(variable));
      }
    }
    platform.put("environment", environment);
    return platform;
  }

  /** The relevant instruction sets that the processor supports; empty except on Linux. */
  public static List<String> cpuFlags() {
    List<String> flags = List.of(cpuInfo("flags").orElse("").split(" "));
    return CPU_FLAGS.stream().filter(flags::contains).toList();
  }

  /** A property of the first processor on Linux; empty on other systems. */
  private static Optional<String> cpuInfo(String key) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}
