package mnist.runs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The runs in a folder, each a folder of its own with a {@code run.json}. */
public final class RunFolders {
  /** Names that runs have: no path, nothing hidden. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._ -]*");

  private final Path root;

  /** All runs directly in {@code root}. */
  public RunFolders(Path root) {
    this.root = root;
  }

  /**
   * What a list of runs shows.
   *
   * @param name the folder's
   * @param status running, completed, interrupted or failed; unreadable where run.json is none
   * @param started ISO 8601 in UTC
   * @param iterations the last iteration that is wanted
   * @param bestAccuracy on the test images so far, null before the first measurement
   * @param recorded bytes of its view's record, 0 where there is none
   * @param quietSeconds since it last wrote anything
   * @param error why it failed
   */
  public record Run(
      String name,
      String status,
      String stage,
      String title,
      String dataSet,
      String started,
      int iterations,
      Double bestAccuracy,
      long recorded,
      long quietSeconds,
      String error) {}

  /** All of them, the newest first. */
  public List<Run> all() throws IOException {
    List<Path> folders;
    try (Stream<Path> content = Files.list(root)) {
      folders = content.filter(RunFolders::isRun).toList();
    } catch (NoSuchFileException e) {
      return List.of(); // no run yet
    }
    List<Run> runs = new ArrayList<>();
    for (Path folder : folders) {
      try {
        runs.add(summary(folder));
      } catch (NoSuchFileException e) {
        // It has gone meanwhile.
      }
    }
    runs.sort(
        Comparator.comparing(Run::started, Comparator.nullsLast(Comparator.reverseOrder()))
            .thenComparing(Run::name, Comparator.reverseOrder()));
    return runs;
  }

  private static boolean isRun(Path folder) {
    return NAME.matcher(folder.getFileName().toString()).matches()
        && Files.isRegularFile(folder.resolve("run.json"));
  }

  /**
   * The folder of a run.
   *
   * @param name as in the list
   * @throws IOException if there is none of that name here
   */
  public Path folder(String name) throws IOException {
    if (NAME.matcher(name).matches() && isRun(root.resolve(name))) {
      return root.resolve(name);
    }
    throw new IOException("there is no run " + name + " in " + root);
  }

  /** What is to be said of one run. */
  public Run summary(Path folder) throws IOException {
    String name = folder.getFileName().toString();
    JsonNode run;
    try {
      run = ViewRecord.JSON.readTree(Files.readAllBytes(folder.resolve("run.json")));
    } catch (JacksonException e) {
      return new Run(name, "unreadable", "", "", "", null, 0, null, 0, 0, "run.json is damaged");
    }
    String status = run.path("status").asText("unreadable");
    JsonNode best = run.at("/results/best_test/accuracy");
    Path record = folder.resolve(ViewRecord.FILE);
    return new Run(
        name,
        status,
        run.path("stage").asText(),
        run.path("title").asText(),
        run.at("/data/name").asText(),
        run.path("started").asText(null),
        run.at("/options/iterations").asInt(),
        best.isNumber() ? (Double) best.asDouble() : bestSoFar(folder),
        Files.exists(record) ? Files.size(record) : 0,
        (System.currentTimeMillis() - lastChange(folder)) / 1000,
        run.path("error").asText(null));
  }

  private static long lastChange(Path folder) throws IOException {
    long last = 0;
    for (String file : List.of("run.json", "metrics.jsonl", ViewRecord.FILE)) {
      if (Files.exists(folder.resolve(file))) {
        last = Math.max(last, Files.getLastModifiedTime(folder.resolve(file)).toMillis());
      }
    }
    return last;
  }

  private static Double bestSoFar(Path folder) {
    try (Stream<String> lines = Files.lines(folder.resolve("metrics.jsonl"))) {
      return lines
          .filter(line -> line.contains("\"TEST\"") && line.endsWith("}"))
          .map(RunFolders::accuracy)
          .max(Comparator.naturalOrder())
          .orElse(null);
    } catch (IOException | RuntimeException e) {
      return null; // not there, or being written
    }
  }

  private static double accuracy(String line) {
    try {
      return ViewRecord.JSON.readTree(line).path("accuracy").asDouble();
    } catch (JacksonException e) {
      return 0;
    }
  }
}
