package mnist.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import mnist.app.Training;
import mnist.platform.Json;
import mnist.runs.RunFolder;
import mnist.training.Stage;
import mnist.training.TrainingListener;

/** Folders of runs that tests show, and what is done to them. */
public final class ShownRun {
  private ShownRun() {}

  /**
   * Trains to the end and keeps a model.
   *
   * @param data the folder of the data set
   * @param folder the run's, new
   */
  public static Path train(
      Stage stage, TrainingListener listener, Path data, Path folder, String... further) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--data=" + data, "--quiet", "--record-view", "--seed=1", "--run-dir=" + folder));
    args.addAll(List.of(further));
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    int exitCode = Training.run(stage, listener, nowhere, System.err, args.toArray(String[]::new));
    assertThat(exitCode).isZero();
    return folder;
  }

  /** The same run under another name, without its model. */
  public static Path copy(Path run, String name) throws IOException {
    Path copy = Files.createDirectory(run.resolveSibling(name));
    for (String file : List.of(RunFolder.VIEW_RECORD, "metrics.jsonl", "run.json")) {
      Files.copy(run.resolve(file), copy.resolve(file));
    }
    return copy;
  }

  /** Makes a run say that it is running, say, in one go, as runs themselves do. */
  public static void say(Path run, String status) throws IOException {
    ObjectNode json = (ObjectNode) json(run);
    Path draft = run.resolve("run.json.draft");
    Files.write(draft, Json.MAPPER.writeValueAsBytes(json.put("status", status)));
    Files.move(
        draft,
        run.resolve("run.json"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  public static JsonNode json(Path run) throws IOException {
    return Json.MAPPER.readTree(Files.readAllBytes(run.resolve("run.json")));
  }

  public static void delete(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(run);
  }
}
