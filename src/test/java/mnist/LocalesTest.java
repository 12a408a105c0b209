package mnist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import mnist.app.Training;
import mnist.nn.Network;
import mnist.platform.FileTree;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.GraphDef;

/** Whatever the user's locale: the same graphs, the same files, the same lines. */
class LocalesTest {
  private final Locale before = Locale.getDefault();
  private final Locale formatBefore = Locale.getDefault(Locale.Category.FORMAT);

  @TempDir Path folder;

  @AfterEach
  void resetLocale() {
    Locale.setDefault(before);
    Locale.setDefault(Locale.Category.FORMAT, formatBefore);
  }

  /** For those who use the stages as a library, whose locale is left alone. */
  @Test
  void graphsHaveTheSameNodesInAnyLocale() {
    Stage stage = Stages.named("1.0");
    GraphDef expected = graphIn(Locale.ROOT, stage);
    for (Locale locale : Locale.getAvailableLocales()) {
      assertThat(graphIn(locale, stage)).as(locale.toString()).isEqualTo(expected);
      assertThat(Locale.getDefault(Locale.Category.FORMAT)).isEqualTo(locale);
    }
  }

  private static GraphDef graphIn(Locale locale, Stage stage) {
    Locale.setDefault(locale);
    try (Network network = stage.network(0)) {
      return network.graph().toGraphDef();
    }
  }

  @Test
  void runsWriteTheSameInAnyLocale() throws Exception {
    Path digits = FewDigits.writeTo(folder.resolve("digits"));
    Map<String, String> expected = runIn(Locale.ROOT, digits);
    for (Locale locale : representatives()) {
      assertThat(runIn(locale, digits)).as(locale.toString()).isEqualTo(expected);
    }
  }

  /** One locale for each way of writing digits, signs, separators and capitals. */
  private static Collection<Locale> representatives() {
    Map<String, Locale> byStyle = new TreeMap<>();
    for (Locale locale : Locale.getAvailableLocales()) {
      String numbers = String.format(locale, "%,d %.2f %.1e", -1234567890, 0.5, 1e-7);
      byStyle.putIfAbsent(numbers + "Ii".toLowerCase(locale) + "Ii".toUpperCase(locale), locale);
    }
    return byStyle.values();
  }

  /** Everything that a run leaves and prints, by file, without the time. */
  private Map<String, String> runIn(Locale locale, Path digits) throws IOException {
    Locale.setDefault(locale);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream console = new PrintStream(out, true, UTF_8);
    Path run = folder.resolve("run");
    int exitCode =
        Training.run(
            Stages.named("1.0"),
            new TrainingListener() {},
            console,
            console,
            "--data=" + digits,
            "--iterations=20",
            "--learning-rate=0.0035",
            "--run-dir=" + run);
    assertThat(exitCode).as("%s: %s", locale, out.toString(UTF_8)).isZero();
    Map<String, String> all = new TreeMap<>();
    for (String file : List.of("run.json", "metrics.jsonl", "model/assets.extra/mnist.json")) {
      all.put(file, withoutTimes(Files.readString(run.resolve(file))));
    }
    all.put("output", withoutTimes(out.toString(UTF_8)));
    FileTree.delete(run);
    return all;
  }

  private static String withoutTimes(String text) {
    return text.replaceAll("\"(started|ended|seconds|median_step_ms)\" ?: ?[^,\n}]+", "")
        .replaceAll("  time .*", "");
  }
}
