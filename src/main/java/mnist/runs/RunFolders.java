package mnist.runs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.platform.ErrorMessages;

/** All runs directly in one folder, which need not exist. */
public final class RunFolders {
  /** The folder with all runs, under the working folder. */
  public static final String DEFAULT = "runs";

  /** A file name on every system, not hidden and no option, that needs no quotes on a page. */
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{M}\\p{N}._ +=,@()-]*");

  private final Path root;
  private final Consumer<String> log;
  private final Set<String> logged = ConcurrentHashMap.newKeySet();

  /**
   * @param log receives one line for each run that cannot be read, once
   */
  public RunFolders(Path root, Consumer<String> log) {
    this.root = root;
    this.log = log;
  }

  /** Whether a run may have this name; others are not listed and not served. */
  public static boolean isValidName(String name) {
    return NAME.matcher(name).matches();
  }

  /** Whether the last element of a path is a name that a run may have. */
  public static boolean hasValidName(Path folder) {
    Path name = folder.toAbsolutePath().normalize().getFileName();
    return name != null && isValidName(name.toString());
  }

  /** A run, and when it started; {@code problem} says why it cannot be read. */
  private record Entry(RunFolder run, Instant started, Optional<String> problem) {}

  /** All runs that can be read, newest first. */
  public List<RunFolder> list() throws IOException {
    return entries().stream().filter(entry -> entry.problem.isEmpty()).map(Entry::run).toList();
  }

  /** The summaries of all runs, newest first; those that cannot be read come last and say why. */
  public List<RunSummary> summaries() throws IOException {
    List<RunSummary> summaries = new ArrayList<>();
    for (Entry entry : entries()) {
      try {
        summaries.add(
            entry.problem.isPresent()
                ? RunSummary.unreadable(entry.run, entry.problem.get())
                : RunSummary.of(entry.run));
      } catch (IOException e) {
        // deleted meanwhile
      }
    }
    return summaries;
  }

  private List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (RunFolder run : folders()) {
      try {
        entries.add(new Entry(run, check(run).started(), Optional.empty()));
      } catch (IOException e) {
        if (e.getCause() instanceof NoSuchFileException) {
          continue; // deleted meanwhile
        }
        String problem = ErrorMessages.summarize(e);
        entries.add(new Entry(run, Instant.MIN, Optional.of(problem)));
        if (logged.add(problem)) {
          log.accept("skipping a run: " + problem);
        }
      }
    }
    Comparator<Entry> byStart = Comparator.comparing(Entry::started);
    entries.sort(byStart.thenComparing(entry -> entry.run.name()).reversed());
    return entries;
  }

  private List<RunFolder> folders() throws IOException {
    try (Stream<Path> content = Files.list(root)) {
      return content.map(RunFolder::new).filter(RunFolders::isRun).toList();
    } catch (NoSuchFileException e) {
      return List.of(); // no run yet
    } catch (NotDirectoryException e) {
      throw new RunException(root + " is not a folder, expected one with runs", e);
    }
  }

  private static boolean isRun(RunFolder run) {
    return isValidName(run.name()) && Files.exists(run.infoFile(), LinkOption.NOFOLLOW_LINKS);
  }

  /** Refuses a link, which may lead out of this folder. */
  private static RunFolder check(RunFolder run) throws RunException {
    if (Files.isSymbolicLink(run.path())) {
      throw new RunException(run.path() + " is a symbolic link, which is not followed");
    }
    return run;
  }

  /**
   * The run of this name.
   *
   * @throws RunException if there is none, or its folder is not in this one
   */
  public RunFolder get(String name) throws IOException {
    if (isValidName(name)) {
      RunFolder run = new RunFolder(root.resolve(name));
      if (isRun(run)) {
        return check(run);
      }
    }
    throw new RunException("there is no run " + name + " in " + root);
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
        .filter(condition)
        .findFirst()
        .orElseThrow(() -> new RunException(root + " contains no " + expected));
  }
}
