package mnist.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The memory of this process in megabytes (10⁶ bytes) on Linux; NaN on other systems. */
public final class ProcessMemory {
  private ProcessMemory() {}

  /** The current resident set size. */
  public static double resident() {
    return megabytes("VmRSS");
  }

  /** The largest resident set size so far. */
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
