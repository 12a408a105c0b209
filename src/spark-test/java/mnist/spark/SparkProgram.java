package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mnist.platform.JavaProcess;

/** Starts Spark's programs in separate processes like the Makefile. */
final class SparkProgram {
  /** For short processes, which would not benefit from the optimizing compiler. */
  static final String QUICK = "-XX:TieredStopAtLevel=1";

  private SparkProgram() {}

  /** Starts a main class; the caller reads its standard output, its errors go to err.txt. */
  static Process start(Path folder, String main, List<String> args) throws IOException {
    return start(folder, List.of(), main, args);
  }

  /** Starts a main class with further JVM options. */
  static Process start(Path folder, List<String> options, String main, List<String> args)
      throws IOException {
    List<String> jvmOptions =
        new ArrayList<>(
            List.of("@" + Path.of("src", "spark", "jvm.options").toAbsolutePath(), QUICK));
    jvmOptions.addAll(options);
    List<String> command = JavaProcess.command(jvmOptions, "mnist." + main, args);
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectError(folder.resolve("err.txt").toFile())
        .start();
  }

  interface Condition {
    boolean holds() throws IOException;
  }

  /** Waits for a condition; fails if the process ends before. */
  static void await(Process process, Path folder, Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(10);
    while (!condition.holds()) {
      assertThat(process.isAlive()).as(Files.readString(folder.resolve("err.txt"))).isTrue();
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(20);
    }
  }
}
