package mnist.runs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** All runs directly in one folder, which need not exist. */
public final class RunFolders {
  /** The folder with all runs, under the working folder. */
  public static final String DEFAULT = "runs";

  /** A single path element, not hidden, that also works in a URL. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._ -]*");

  private final Path root;

  public RunFolders(Path root) {
    this.root = root;
  }

  /** Whether runs of this name are listed and served. */
  public static boolean isValidName(String name) {
    return NAME.matcher(name).matches();
  }

  /** All runs, newest first; those whose {@code run.json} cannot be read come last. */
  public List<RunFolder> list() throws IOException {
    Map<RunFolder, Instant> started = new HashMap<>();
    try (Stream<Path> content = Files.list(root)) {
      content
          .map(RunFolder::new)
          .filter(RunFolders::isRun)
          .forEach(run -> started.put(run, run.started().orElse(Instant.MIN)));
    } catch (NoSuchFileException e) {
      return List.of(); // no run yet
    }
    Comparator<RunFolder> byStart = Comparator.comparing(started::get);
    return started.keySet().stream()
        .sorted(byStart.thenComparing(RunFolder::name).reversed())
        .toList();
  }

  private static boolean isRun(RunFolder run) {
    return isValidName(run.name()) && Files.isRegularFile(run.infoFile());
  }

  /** The summaries of all runs, in the same order. */
  public List<RunSummary> summaries() throws IOException {
    List<RunSummary> summaries = new ArrayList<>();
    for (RunFolder run : list()) {
      try {
        summaries.add(RunSummary.of(run));
      } catch (NoSuchFileException e) {
        // deleted meanwhile
      }
    }
    return summaries;
  }

  /**
   * The run of this name.
   *
   * @throws IOException if there is none
   */
  public RunFolder get(String name) throws IOException {
    if (isValidName(name)) {
      RunFolder run = new RunFolder(root.resolve(name));
      if (isRun(run)) {
        return run;
      }
    }
    throw new IOException("there is no run " + name + " in " + root);
  }

  /**
   * The run that started last.
   *
   * @throws IOException if there is none
   */
  public RunFolder newest() throws IOException {
    return newest(run -> true, "run; make run makes one, or name its folder");
  }

  /**
   * The run that started last among those that can be resumed.
   *
   * @throws IOException if there is none
   */
  public RunFolder newestUnfinished() throws IOException {
    return newest(RunFolder::canResume, "unfinished run with a checkpoint");
  }

  /**
   * The model of the run that started last among those that saved one.
   *
   * @throws IOException if there is none
   */
  public Path newestModel() throws IOException {
    String expected =
        "run with a model; make run makes one, or name a model with --model (make: MODEL=)";
    return newest(RunFolder::hasModel, expected).model();
  }

  private RunFolder newest(Predicate<RunFolder> condition, String expected) throws IOException {
    return list().stream()
        .filter(run -> run.started().isPresent())
        .filter(condition)
        .findFirst()
        .orElseThrow(() -> new IOException(root + " contains no " + expected));
  }
}
