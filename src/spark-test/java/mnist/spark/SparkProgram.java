package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Spark's programs in processes of their own, as the Makefile starts them. */
final class SparkProgram {
  /** For processes that end before a better compiler has paid for itself. */
  static final String SOON = "-XX:TieredStopAtLevel=1";

  private SparkProgram() {}

  /** Starts a main class; its standard output is for the caller, its errors go to err.txt. */
  static Process start(Path folder, String main, List<String> args) throws IOException {
    return start(folder, List.of(), main, args);
  }

  /** The same, with some of Java's options. */
  static Process start(Path folder, List<String> options, String main, List<String> args)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of("src", "spark", "jvm.options").toAbsolutePath());
    command.add(SOON);
    command.addAll(options);
    command.addAll(List.of("-cp", classPath(), "mnist." + main));
    command.addAll(args);
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectError(folder.resolve("err.txt").toFile())
        .start();
  }

  /** What is waited for. */
  interface Condition {
    boolean holds() throws IOException;
  }

  /** Waits for something that a process does, which it must not end before. */
  static void await(Process process, Path folder, Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!condition.holds()) {
      assertThat(process.isAlive()).as(Files.readString(folder.resolve("err.txt"))).isTrue();
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static String classPath() {
    return String.join(
        File.pathSeparator,
        List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .toList());
  }
}
