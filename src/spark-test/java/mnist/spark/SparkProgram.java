package mnist.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Spark's programs in processes of their own, as the Makefile starts them. */
final class SparkProgram {
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
    command.addAll(options);
    command.addAll(List.of("-cp", classPath(), "mnist." + main));
    command.addAll(args);
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectError(folder.resolve("err.txt").toFile())
        .start();
  }

  private static String classPath() {
    return String.join(
        File.pathSeparator,
        List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .toList());
  }
}
