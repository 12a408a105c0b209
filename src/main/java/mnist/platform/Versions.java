package mnist.platform;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tensorflow.TensorFlow;
import picocli.CommandLine.IVersionProvider;

/** What a run's numbers depend on besides its options: software versions and the platform. */
public final class Versions implements IVersionProvider {
  private static final String INTRA_OP_THREADS = "TF_NUM_INTRAOP_THREADS";
  private static final String INTER_OP_THREADS = "TF_NUM_INTEROP_THREADS";
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** Instruction sets that TensorFlow's choice of kernels depends on, of x86 and of ARM. */
  private static final List<String> CPU_FLAGS =
      List.of(
          ("sse4_2 avx avx2 fma avx512f avx512_vnni avx512_bf16 avx_vnni amx_tile"
                  + " asimd asimdhp asimddp i8mm bf16 sve sve2")
              .split(" "));

  /**
   * Environment variables that affect TensorFlow's kernels or threads: its own and oneDNN's, but
   * not what is only logged, nor Terraform's, which hold secrets.
   */
  private static final Pattern VARIABLES =
      Pattern.compile(
          "(TF|ONEDNN|DNNL|OMP|KMP|MKL)_(?!CPP_|LOG|VAR_|TOKEN_|CLI_)(?!.*VERBOSE).*|CUDA_VISIBLE_DEVICES");

  /** Variables whose effect is recorded itself. */
  private static final Set<String> RECORDED_APART =
      Set.of("TF_ENABLE_ONEDNN_OPTS", INTRA_OP_THREADS, INTER_OP_THREADS);

  /** The entries of {@link #platform} that numbers depend on, beside the environment. */
  private static final List<String> AFFECTS_NUMBERS =
      List.of("os", "arch", "cpu", "cpu_flags", "onednn", "intra_op_threads", "inter_op_threads");

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
    property(CPU_INFO, "model name").ifPresent(model -> platform.put("cpu", model));
    platform.put("cpu_flags", cpuFlags());
    platform.put("onednn", oneDnn);
    platform.put("intra_op_threads", threads(INTRA_OP_THREADS));
    platform.put("inter_op_threads", threads(INTER_OP_THREADS));
    Map<String, String> environment = new TreeMap<>(System.getenv());
    environment.keySet().removeIf(variable -> !VARIABLES.matcher(variable).matches());
    platform.put("environment", environment);
    return platform;
  }

  /** As TensorFlow counts: what the variable says, else the processors that it may run on. */
  private static int threads(String variable) {
    String value = System.getenv(variable);
    if (value != null && value.matches("0*[1-9]\\d{0,8}")) {
      return Integer.parseInt(value);
    }
    return property(Path.of("/proc/self/status"), "Cpus_allowed")
        .map(mask -> new BigInteger(mask.replace(",", ""), 16).bitCount())
        .orElse(Runtime.getRuntime().availableProcessors());
  }

  /**
   * In what two platforms differ that numbers depend on, such as "cpu_flags was …, is …".
   *
   * @param recorded a platform as recorded; what an earlier version did not record is not compared
   */
  public static List<String> differences(Map<String, Object> recorded, Map<String, Object> now) {
    List<String> differences = new ArrayList<>();
    for (String key : AFFECTS_NUMBERS) {
      boolean unknown = recorded.get(key) == null || recorded.get(key).equals(List.of());
      if (!unknown && !comparable(key, recorded).equals(comparable(key, now))) {
        differences.add("%s was %s, is %s".formatted(key, recorded.get(key), now.get(key)));
      }
    }
    if (recorded.containsKey("intra_op_threads")) { // since then, the whole environment is recorded
      Map<?, ?> before = environment(recorded);
      Map<?, ?> after = environment(now);
      Set<Object> variables = new TreeSet<>(before.keySet());
      variables.addAll(after.keySet());
      variables.removeAll(RECORDED_APART);
      for (Object variable : variables) {
        if (!Objects.equals(before.get(variable), after.get(variable))) {
          differences.add(
              "%s was %s, is %s"
                  .formatted(
                      variable,
                      Objects.requireNonNullElse(before.get(variable), "not set"),
                      Objects.requireNonNullElse(after.get(variable), "not set")));
        }
      }
    }
    return differences;
  }

  /** An operating system is compared without its version, which is the last word. */
  private static Object comparable(String key, Map<String, Object> platform) {
    Object value = platform.getOrDefault(key, "unknown");
    return key.equals("os") ? value.toString().replaceFirst(" \\S*$", "") : value;
  }

  private static Map<?, ?> environment(Map<String, Object> platform) {
    return platform.get("environment") instanceof Map<?, ?> map ? map : Map.of();
  }

  /** The relevant instruction sets that the processor supports; empty except on Linux. */
  public static List<String> cpuFlags() {
    Optional<String> x86 = property(CPU_INFO, "flags");
    List<String> flags =
        List.of(x86.or(() -> property(CPU_INFO, "Features")).orElse("").split(" "));
    return CPU_FLAGS.stream().filter(flags::contains).toList();
  }

  /** A property, such as one of the first processor, on Linux; empty on other systems. */
  private static Optional<String> property(Path file, String key) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}
