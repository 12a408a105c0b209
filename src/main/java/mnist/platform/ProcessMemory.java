package mnist.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What Linux says of this process's memory, in megabytes (10⁶ bytes); NaN elsewhere. */
public final class ProcessMemory {
  private ProcessMemory() {}

  /** What is in RAM now. */
  public static double now() {
    return megabytes("VmRSS");
  }

  /** The most that was ever in RAM. */
  public static double peak() {
    return megabytes("VmHWM");
  }

  private static double megabytes(String key) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith(key + ":"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D+", "")) * 1024 / 1e6)
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    }
  }
}
