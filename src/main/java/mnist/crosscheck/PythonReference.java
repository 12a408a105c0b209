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

/** The Python scripts and the environment that they run in. */
public final class PythonReference {
  private static final String CHECK = "import tensorflow; print(tensorflow.__version__)";
  private static final String TENSORFLOW = "2.21.0"; // as requirements.txt pins it

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
   * Finds the environment in {@code .venv} beside the scripts, and makes it anew if it is missing
   * or broken.
   *
   * @param scripts the folder python-reference
   * @param interpreter makes the environment, such as "python3"
   * @param out told of what takes long
   * @throws CrossCheckException if there is no Python or its packages cannot be had
   */
  public static PythonReference open(Path scripts, String interpreter, PrintStream out)
      throws CrossCheckException, IOException, InterruptedException {
    PythonReference reference = new PythonReference(scripts);
    if (!reference.works()) {
      refuseUnable(interpreter);
      out.println("Making the Python environment in " + scripts.resolve(".venv"));
      reference.makeEnvironment(interpreter);
    }
    return reference;
  }

  private boolean works() throws IOException, InterruptedException {
    if (!Files.isExecutable(python)) {
      return false;
    }
    Ran check = run(Map.of("TF_CPP_MIN_LOG_LEVEL", "3"), List.of(python.toString(), "-c", CHECK));
    return check.exitCode == 0 && check.output.contains(TENSORFLOW);
  }

  private static void refuseUnable(String interpreter)
      throws CrossCheckException, IOException, InterruptedException {
    Ran tried;
    try {
      tried = run(Map.of(), List.of(interpreter, "-c", "import venv, ensurepip"));
    } catch (IOException e) {
      throw new CrossCheckException(
          interpreter + " cannot be started; install Python 3.10 to 3.13 with its venv module");
    }
    if (tried.exitCode != 0) {
      throw new CrossCheckException(
          interpreter
              + " cannot make an environment; install its venv module: "
              + tried.lastLine());
    }
  }

  private void makeEnvironment(String interpreter)
      throws CrossCheckException, IOException, InterruptedException {
    Ran made =
        run(
            Map.of(),
            List.of(interpreter, "-m", "venv", "--clear", scripts.resolve(".venv").toString()));
    if (made.exitCode != 0) {
      throw new CrossCheckException(
          interpreter + " cannot make an environment: " + made.lastLine());
    }
    Ran installed =
        run(
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
    if (installed.exitCode != 0 || !works()) {
      throw new CrossCheckException(
          "TensorFlow "
              + TENSORFLOW
              + " for Python cannot be installed; it needs Python 3.10 to 3.13 and a package index: "
              + installed.lastLine());
    }
  }

  /**
   * Runs a stage's script.
   *
   * @param data folder with the four IDX files
   * @param out folder for the record, made anew
   * @param oneDnn whether oneDNN's kernels are on
   * @throws CrossCheckException if the script fails
   */
  public void train(String stage, Path data, int iterations, boolean oneDnn, Path out)
      throws CrossCheckException, IOException, InterruptedException {
    script(
        "mnist_" + stage + ".py",
        oneDnn,
        List.of(
            "--data=" + data.toAbsolutePath(),
            "--iterations=" + iterations,
            "--out=" + out.toAbsolutePath()));
  }

  /**
   * Runs models.py, which uses the Java program's models as Python programs do.
   *
   * @param models folders with SavedModels
   * @param data folder with the four IDX files
   * @param images how many of the test images they are asked about, the first
   * @param out folder for what it finds, must not exist
   * @param oneDnn whether oneDNN's kernels are on
   * @throws CrossCheckException if the script fails
   */
  public void useModels(List<Path> models, Path data, int images, boolean oneDnn, Path out)
      throws CrossCheckException, IOException, InterruptedException {
    List<String> arguments = new ArrayList<>();
    arguments.add("--data=" + data.toAbsolutePath());
    arguments.add("--images=" + images);
    arguments.add("--out=" + out.toAbsolutePath());
    models.forEach(model -> arguments.add(model.toAbsolutePath().toString()));
    script("models.py", oneDnn, arguments);
  }

  /**
   * Trains a stage for its times, and leaves nothing.
   *
   * @return one line of JSON: {@code step_millis}, {@code first_step_ended} and {@code ended} in
   *     seconds since 1970, {@code peak_megabytes}
   * @throws CrossCheckException if the script fails
   */
  public String timeTraining(String stage, Path data, int iterations, boolean oneDnn)
      throws CrossCheckException, IOException, InterruptedException {
    return script(
        "mnist_" + stage + ".py",
        oneDnn,
        List.of("--times", "--data=" + data.toAbsolutePath(), "--iterations=" + iterations));
  }

  /**
   * Asks a model about one image at a time.
   *
   * @param model folder of a SavedModel
   * @return one line of JSON: {@code median_millis} and {@code slowest_hundredth_millis}
   * @throws CrossCheckException if the script fails
   */
  public String timePredictions(Path model, Path data, int predictions, boolean oneDnn)
      throws CrossCheckException, IOException, InterruptedException {
    return script(
        "time_predictions.py",
        oneDnn,
        List.of(
            "--data=" + data.toAbsolutePath(),
            "--predictions=" + predictions,
            model.toAbsolutePath().toString()));
  }

  /** Runs a script; gives the last line that it prints. */
  private String script(String name, boolean oneDnn, List<String> arguments)
      throws CrossCheckException, IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(python.toString());
    command.add(scripts.resolve(name).toString());
    command.addAll(arguments);
    Ran ran =
        run(
            Map.of("TF_ENABLE_ONEDNN_OPTS", oneDnn ? "1" : "0", "TF_CPP_MIN_LOG_LEVEL", "2"),
            command);
    if (ran.exitCode != 0) {
      throw new CrossCheckException(
          name + " failed with exit code " + ran.exitCode + ": " + ran.lastLine());
    }
    return ran.lastLine();
  }

  private record Ran(int exitCode, String output) {
    String lastLine() {
      List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
      return lines.isEmpty() ? "it says nothing" : lines.get(lines.size() - 1).strip();
    }
  }

  private static Ran run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), output);
  }
}
