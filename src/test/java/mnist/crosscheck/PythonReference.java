package mnist.crosscheck;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The Python scripts and the virtual environment that they run in. */
public final class PythonReference {
  private static final String CHECK = "import tensorflow; print(tensorflow.__version__)";
  private static final String TENSORFLOW = "2.21.0"; // as pinned in requirements.txt

  private final Path scripts;
  private final Path python;

  private PythonReference(Path scripts) {
    this.scripts = scripts;
    Path environment = scripts.resolve(".venv");
    python =
        File.separatorChar == '\\'
            ? environment.resolve("Scripts").resolve("python.exe")
            : environment.resolve("bin").resolve("python");
  }

  /**
   * Opens the environment in {@code .venv} beside the scripts; creates it if it is missing or
   * broken.
   *
   * @param scripts the folder python-reference
   * @param interpreter creates the environment, such as "python3"
   * @param out for a message before a long operation
   * @throws CrossCheckException if Python or its packages are not available
   */
  public static PythonReference open(Path scripts, String interpreter, PrintStream out)
      throws CrossCheckException, IOException, InterruptedException {
    PythonReference reference = new PythonReference(scripts);
    if (!reference.works()) {
      requireVenv(interpreter);
      out.println("Creating the Python environment in " + scripts.resolve(".venv"));
      reference.createEnvironment(interpreter);
    }
    return reference;
  }

  private boolean works() throws IOException, InterruptedException {
    if (!Files.isExecutable(python)) {
      return false;
    }
    Completed check =
        execute(Map.of("TF_CPP_MIN_LOG_LEVEL", "3"), List.of(python.toString(), "-c", CHECK));
    return check.exitCode == 0 && check.output.contains(TENSORFLOW);
  }

  private static void requireVenv(String interpreter)
      throws CrossCheckException, IOException, InterruptedException {
    try {
      execute(Map.of(), List.of(interpreter, "-c", "import venv, ensurepip"))
          .require(interpreter + " cannot create an environment; install its venv module");
    } catch (IOException e) {
      throw new CrossCheckException(
          interpreter + " cannot be started; install Python 3.10 to 3.13 with its venv module");
    }
  }

  private void createEnvironment(String interpreter)
      throws CrossCheckException, IOException, InterruptedException {
    execute(
            Map.of(),
            List.of(interpreter, "-m", "venv", "--clear", scripts.resolve(".venv").toString()))
        .require(interpreter + " cannot create an environment");
    Completed install =
        execute(
            Map.of(),
            List.of(
                python.toString(),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--retries=0",
                "--disable-pip-version-check",
                "--requirement",
                scripts.resolve("requirements.txt").toString()));
    String failure =
        "TensorFlow "
            + TENSORFLOW
            + " for Python cannot be installed; it needs Python 3.10 to 3.13 and a package index";
    install.require(failure);
    if (!works()) {
      throw new CrossCheckException(failure + ": " + install.lastLine());
    }
  }

  /**
   * Runs a script.
   *
   * @param script file name
   * @param oneDnn whether oneDNN's kernels are enabled
   * @return the last line that the script prints
   * @throws CrossCheckException if the script fails
   */
  public String run(String script, boolean oneDnn, List<String> arguments)
      throws CrossCheckException, IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(python.toString());
    command.add(scripts.resolve(script).toString());
    command.addAll(arguments);
    Completed completed =
        execute(
            Map.of("TF_ENABLE_ONEDNN_OPTS", oneDnn ? "1" : "0", "TF_CPP_MIN_LOG_LEVEL", "2"),
            command);
    completed.require(script + " failed with exit code " + completed.exitCode);
    return completed.lastLine();
  }

  /** A process that has ended. */
  private record Completed(int exitCode, String output) {
    String lastLine() {
      List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
      return lines.isEmpty() ? "no output" : lines.get(lines.size() - 1).strip();
    }

    void require(String failure) throws CrossCheckException {
      if (exitCode != 0) {
        throw new CrossCheckException(failure + ": " + lastLine());
      }
    }
  }

  private static Completed execute(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Completed(process.waitFor(), output);
  }
}
