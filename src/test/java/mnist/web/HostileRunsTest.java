package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import mnist.FewDigits;
import mnist.Mnist10Softmax;
import mnist.app.Training;
import mnist.app.ViewPage;
import mnist.platform.Json;
import mnist.runs.RunFolders;
import mnist.training.TrainingListener;
import mnist.view.ShownRun;
import mnist.web.TestClient.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a run.json says, the page has an answer, and the programs have one line. */
@Timeout(180)
class HostileRunsTest {
  private static final TrainingListener NOBODY = new TrainingListener() {};

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "2147483648",
          "1e300",
          "\"\"",
          "\"\\u0000\"",
          "\"x\"",
          "\"..\"",
          "[]",
          "{}",
          "[null]",
          "[[]]",
          "{\"a\": null}",
          "\"2026-01-01T00:00:00Z\"",
          "NaN",
          "[",
          "");

  private static final List<String> PATHS =
      List.of(
          "/api/runs",
          "/api/runs/hostile",
          "/api/runs/hostile/run.json",
          "/api/runs/hostile/record",
          "/api/runs/hostile/images/test?numbers=0",
          "/api/runs/hostile/probabilities/test/0");

  @TempDir Path folder;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final Random random = new Random(2026);

  @Test
  void anyRunJsonHasAnAnswer() throws Exception {
    Path data = FewDigits.writeTo(folder.resolve("data"));
    Path runs = Files.createDirectory(folder.resolve("runs"));
    Path good =
        ShownRun.train(new Mnist10Softmax(), NOBODY, data, runs.resolve("good"), "--iterations=20");
    Path hostile = ShownRun.copy(good, "hostile");
    JsonNode original = ShownRun.json(good);
    try (ViewPage page = new ViewPage(runs, 0, "--port", false, log::add)) {
      TestClient client = new TestClient(page.address());
      for (int i = 0; i < 300; i++) {
        String json = changed(original);
        Files.writeString(hostile.resolve("run.json"), json);
        for (String path : PATHS) {
          Response response = client.get(path);
          assertThat(response.status()).as(path + " with " + json).isIn(200, 404);
          if (response.status() == 404) {
            assertThat(response.error()).as(path).hasLineCount(1).isNotEmpty();
          }
        }
        assertThat(client.get("/api/runs").json().findValuesAsText("name")).contains("good");
        if (i % 10 == 0) {
          assertResumeHasOneLine(hostile, json);
        }
      }
    }
    assertThat(log).allMatch(line -> line.startsWith("skipping a run: "));
    assertThat(new RunFolders(runs, log::add).newest().name()).isIn("good", "hostile");
  }

  private static void assertResumeHasOneLine(Path run, String json) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(new ByteArrayOutputStream());
    int exitCode =
        Training.run(
            new Mnist10Softmax(), NOBODY, out, new PrintStream(err, true), "--resume=" + run);
    assertThat(exitCode).as(json).isEqualTo(1); // there is no checkpoint
    assertThat(err.toString()).as(json).startsWith("error: ").hasLineCount(1);
  }

  /** A text in which one to three values are others. */
  private String changed(JsonNode original) {
    JsonNode json = original.deepCopy();
    String mark = "\"CHANGED\"";
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      JsonNode parent = json;
      while (true) {
        List<JsonNode> containers = new ArrayList<>();
        parent.forEach(child -> containers.add(child));
        containers.removeIf(child -> !child.isContainerNode() || child.isEmpty());
        if (containers.isEmpty() || random.nextInt(3) == 0) {
          break;
        }
        parent = containers.get(random.nextInt(containers.size()));
      }
      int index = random.nextInt(parent.size());
      if (parent instanceof ArrayNode array) {
        array.set(index, Json.MAPPER.getNodeFactory().textNode("CHANGED"));
      } else {
        List<String> names = new ArrayList<>();
        parent.fieldNames().forEachRemaining(names::add);
        ((ObjectNode) parent).put(names.get(index), "CHANGED");
      }
    }
    String text = json.toString();
    while (text.contains(mark)) {
      String value = VALUES.get(random.nextInt(VALUES.size()));
      text = text.replaceFirst(mark, value.replace("\\", "\\\\"));
    }
    return text;
  }
}
