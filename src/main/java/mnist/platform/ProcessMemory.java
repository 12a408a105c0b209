package mnist.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The memory of a process in megabytes (10⁶ bytes) on Linux; NaN on other systems. */
public final class ProcessMemory {
  private ProcessMemory() {}

  /** The current resident set size of this process. */
  public static double resident() {
    return megabytes("self", "VmRSS");
  }

  /** The current resident set size of another process. */
  public static double resident(Process process) {
    return megabytes(String.valueOf(process.pid()), "VmRSS");
  }

  /** The largest resident set size of this process so far. */
  public static double peak() {
    return megabytes("self", "VmHWM");
  }

  private static double megabytes(String process, String key) {
    try (Stream<String> lines = Files.lines(Path.of("/proc", process, "status"))) {
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
