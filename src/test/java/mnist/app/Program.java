package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mnist.platform.JavaProcess;

/** The main classes in processes of their own, as users start them. */
public final class Program {
  private Program() {}

  /** What a process left. */
  public record Run(int exitCode, String out, String err) {}

  /**
   * Starts a main class in or below the package {@code mnist}.
   *
   * @param folder the working folder
   * @param by what starts it, if not the Java launcher itself
   */
  public static Process start(Path folder, List<String> by, String main, String... args)
      throws IOException {
    return start(folder, Map.of(), by, main, args);
  }

  /** The same, with some environment variables beside those of the tests. */
  public static Process start(
      Path folder, Map<String, String> environment, List<String> by, String main, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(by);
    List<String> jvmOptions = new ArrayList<>(JavaProcess.defaultOptions());
    jvmOptions.add("-XX:TieredStopAtLevel=1"); // starts sooner; the programs are short
    command.addAll(JavaProcess.command(jvmOptions, "mnist." + main, List.of(args)));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("TF_"));
    builder.environment().putAll(environment);
    return builder
        .redirectOutput(folder.resolve("out.txt").toFile())
        .redirectError(folder.resolve("err.txt").toFile())
        .start();
  }

  /** Waits for a process that was started in this folder. */
  public static Run end(Path folder, Process process) throws Exception {
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return new Run(
        process.exitValue(),
        Files.readString(folder.resolve("out.txt")),
        Files.readString(folder.resolve("err.txt")));
  }
}
