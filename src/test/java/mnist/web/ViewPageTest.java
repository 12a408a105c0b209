package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import mnist.FewDigits;
import mnist.Mnist10Softmax;
import mnist.Mnist21FiveLayersReluLrDecay;
import mnist.TestData;
import mnist.app.Program;
import mnist.app.ViewPage;
import mnist.data.LabeledImages;
import mnist.model.Model;
import mnist.platform.Json;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecord.BatchSnapshot;
import mnist.runs.ViewRecord.TestSnapshot;
import mnist.training.TrainingListener;
import mnist.view.HeldRun;
import mnist.view.HostileRecord;
import mnist.view.ShownRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The page of runs in a real browser, with screenshots in target/screenshots. */
@EnabledIf(
    value = "mnist.web.Browser#isInstalled",
    disabledReason =
        "chromium or chromedriver is not on the PATH (Debian: apt-get install chromium-driver)")
class ViewPageTest {
  private static final int LAST = 200;
  private static final TrainingListener NOBODY = new TrainingListener() {};

  @TempDir static Path folder;
  private static Path data;
  private static Path runs;
  private static Path finished;
  private static Path other;
  private static ViewPage page;
  private static Browser browser;

  @TempDir Path own;

  @BeforeAll
  static void start() throws Exception {
    browser = Browser.open(folder.resolve("profile"));
    data = FewDigits.writeTo(folder.resolve("data"));
    runs = Files.createDirectory(folder.resolve("runs"));
    finished =
        ShownRun.train(
            new Mnist21FiveLayersReluLrDecay(),
            NOBODY,
            data,
            runs.resolve("finished"),
            "--iterations=" + LAST);
    other =
        ShownRun.train(
            new Mnist10Softmax(),
            NOBODY,
            data,
            runs.resolve("other"),
            "--iterations=100",
            "--no-export");
    page = new ViewPage(runs, 0, "--port", true, System.err::println);
  }

  @AfterAll
  static void end() {
    if (browser != null) {
      browser.close();
    }
    if (page != null) {
      page.close();
    }
  }

  @AfterEach
  void assertConsoleIsEmpty(TestInfo test) {
    if (!browser.evaluate("location.href").equals("about:blank")) {
      browser.screenshot(test.getTestMethod().orElseThrow().getName());
    }
    assertThat(browser.consoleMessages()).isEmpty();
    browser.open("about:blank");
  }

  private static void open(Path run) {
    browser.open(page.address() + "#" + run.getFileName());
  }

  /** Opens a run and waits until its digits are there too. */
  private static void openWhole(Path run) throws InterruptedException {
    open(run);
    browser.waitUntil("view.state.testIteration != null && view.state.trainingIteration != null");
  }

  private static double percentOf(String selector) {
    return Double.parseDouble(browser.text(selector).replace("%", ""));
  }

  // ---- A run in progress

  /** In a process of its own, on a terminal, where the page stays when the run has ended. */
  @Test
  void followsALiveRunToItsEnd() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/script")), "there is no script to lend a terminal");
    Path run = own.resolve("runs").resolve("live");
    Process process =
        Program.start(
            own,
            Map.of("TERM", "xterm"),
            List.of("sh", "-c", "exec script -qec \"$*\" /dev/null", "sh"),
            "Mnist21FiveLayersReluLrDecay",
            "--data=" + data,
            "--iterations=2000",
            "--no-export",
            "--view",
            "--view-port=0",
            "--run-dir=" + run);
    try {
      browser.open(addressIn(own.resolve("out.txt")));
      browser.waitUntil("view.state.status === 'running' && view.iteration > 0");
      int before = browser.evaluateInt("view.iteration");
      browser.screenshot("live");
      browser.waitUntil("view.state.status === 'running' && view.iteration > arguments[0]", before);

      browser.waitUntil("view.state.status === 'completed' && view.state.testIteration === 2000");
      double last = ShownRun.json(run).at("/results/last_test/accuracy").asDouble();
      assertThat(last).isPositive();
      assertThat(percentOf("#test-accuracy")).isCloseTo(100 * last, within(0.00501));
      assertThat(browser.text("#status")).isEqualTo("completed");
      assertThat(browser.text("#iteration")).isEqualTo("2,000");
      assertThat(process.isAlive()).isTrue();
      browser.screenshot("completed");
      assertThat(browser.consoleMessages()).isEmpty(); // before the server goes
      browser.open("about:blank");
    } finally {
      List<ProcessHandle> children = process.descendants().toList();
      children.forEach(ProcessHandle::destroy);
      process.waitFor();
    }
  }

  private static String addressIn(Path output) throws Exception {
    Pattern address = Pattern.compile("Watch it learn: (http://127\\.0\\.0\\.1:\\d+/#\\S+)");
    for (int attempt = 0; attempt < 2400; attempt++) {
      Matcher found = address.matcher(Files.readString(output));
      if (found.find()) {
        return found.group(1);
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no address in: " + Files.readString(output));
  }

  @Test
  void spacePausesTheDisplayButNotTheRun() throws Exception {
    try (HeldRun run = new HeldRun(data, runs.resolve("held"), 300)) {
      run.go(50);
      browser.open(page.address() + "#held");
      browser.waitUntil("view.iteration === 40");
      browser.press(" ");
      browser.waitUntil("document.getElementById('space-does').textContent === 'play'");

      long recorded = run.recorded();
      run.go(100);
      browser.waitUntil("view.state.moments > 7");
      assertThat(run.recorded()).isGreaterThan(recorded);
      assertThat(browser.evaluateInt("view.iteration")).isEqualTo(40);
      assertThat(browser.text("#iteration")).isEqualTo("40");
      browser.screenshot("held");

      browser.press(" ");
      browser.waitUntil("view.iteration === 140 && view.state.following");
      run.go(100);
      browser.waitUntil("view.iteration === 240");
    }
    browser.waitUntil("view.state.status === 'completed' && view.iteration === 300");
  }

  @Test
  void aReloadShowsTheCurrentState() throws Exception {
    try (HeldRun run = new HeldRun(data, runs.resolve("reloaded"), 400)) {
      run.go(100);
      browser.open(page.address() + "#reloaded");
      browser.waitUntil("view.iteration === 100 && view.state.testIteration != null");
      browser.evaluate("window.before = true");
      browser.reload();
      browser.waitUntil("!window.before && window.view?.iteration === 100");
      assertThat(browser.evaluate("view.state.status")).isEqualTo("running");
      run.go(100);
      browser.waitUntil("view.iteration === 200");
    }
    browser.waitUntil("view.state.status === 'completed' && view.iteration === 400");
  }

  // ---- Keys

  private static List<?> panels() {
    return (List<?>)
        browser.evaluate(
            "[...document.querySelectorAll('#panels .panel')]"
                + ".filter(p => p.checkVisibility()).map(p => p.id.at(-1))");
  }

  @Test
  void keysSelectPanels() throws Exception {
    openWhole(finished);
    List<String> all = List.of("1", "2", "3", "4", "5", "6");
    assertThat(panels()).isEqualTo(all);
    for (String key : all) {
      browser.press(key);
      assertThat(panels()).isEqualTo(List.of(key));
      browser.screenshot("key-" + key);
    }
    browser.press("0");
    assertThat(panels()).isEqualTo(all);
    Map<String, List<String>> pairs =
        Map.of("7", List.of("1", "2"), "8", List.of("4", "5"), "9", List.of("3", "6"));
    for (String key : pairs.keySet()) {
      browser.press(key);
      assertThat(panels()).isEqualTo(pairs.get(key));
      browser.screenshot("key-" + key);
    }
    browser.press(Keys.ESCAPE);
    assertThat(panels()).isEqualTo(all);
  }

  @Test
  void keysMoveThroughTime() throws Exception {
    openWhole(finished);
    int moments = browser.evaluateInt("view.state.moments");
    browser.press(Keys.HOME);
    browser.waitUntil("view.iteration === 0");
    browser.press(Keys.ARROW_RIGHT);
    browser.waitUntil("view.iteration > 0");
    browser.press(Keys.ARROW_LEFT);
    browser.waitUntil("view.iteration === 0");
    browser.press(Keys.END);
    browser.waitUntil("view.iteration === arguments[0]", LAST);

    browser.evaluate( // slow enough to be observed
        "(speed => { speed.value = 0.25; speed.dispatchEvent(new Event('change')); })"
            + "(document.getElementById('speed'))");
    browser.press(" "); // plays from the start
    browser.waitUntil("view.iteration < arguments[0]", LAST);
    browser.waitUntil("!view.state.playing && view.iteration === arguments[0]", LAST);
    assertThat(browser.evaluateInt("view.state.moments")).isEqualTo(moments);
  }

  // ---- Digits

  private static int wrong(byte[] right, byte[] given) {
    return (int) IntStream.range(0, right.length).filter(i -> right[i] != given[i]).count();
  }

  private static byte[] labels(ViewRecord record) {
    return record.testLabels();
  }

  @Test
  void theSliderShowsTheDigitsOfThatMoment() throws Exception {
    ViewRecord record = ViewRecord.read(finished);
    openWhole(finished);
    int width = browser.find("#slider").getSize().getWidth();
    int height = browser.find("#slider").getSize().getHeight();

    browser.click("#slider", 3, height / 2);
    browser.waitUntil("view.iteration === 0");
    assertDigitsOf(record, 0);
    browser.screenshot("first-moment");

    browser.click("#slider", width / 2, height / 2);
    browser.waitUntil("view.iteration > 0");
    int middle = browser.evaluateInt("view.iteration");
    assertThat(middle).isBetween(LAST / 5, 4 * LAST / 5);
    assertDigitsOf(record, middle);
  }

  private static void assertDigitsOf(ViewRecord record, int iteration) throws Exception {
    BatchSnapshot batch =
        record.batches().stream()
            .filter(seen -> seen.measurement().iteration() <= iteration)
            .reduce((a, b) -> b)
            .orElseThrow();
    TestSnapshot test =
        record.tests().stream()
            .filter(seen -> seen.measurement().iteration() <= iteration)
            .reduce((a, b) -> b)
            .orElseThrow();
    browser.waitUntil(
        "view.state.trainingIteration === arguments[0] && view.state.testIteration === arguments[1]",
        batch.measurement().iteration(),
        test.measurement().iteration());
    int wrongTraining = wrong(batch.labels(), batch.predictions());
    int wrongTest = wrong(labels(record), test.predictions());
    assertThat(wrongTest).isPositive();
    assertThat(browser.evaluateInt("view.wrongTraining")).isEqualTo(wrongTraining);
    assertThat(browser.evaluateInt("view.wrongTest")).isEqualTo(wrongTest);
    assertThat(browser.text("#panel-3 .values")).isEqualTo(wrongTraining + " of 100 wrong");
    assertThat(browser.text("#panel-6 .values")).isEqualTo(wrongTest + " of 500 wrong");
  }

  @Test
  void aClickOnAMisclassifiedDigitShowsItsDetails() throws Exception {
    ViewRecord record = ViewRecord.read(finished);
    byte[] right = labels(record);
    byte[] given = record.tests().get(record.tests().size() - 1).predictions();
    int first =
        IntStream.range(0, right.length)
            .filter(i -> right[i] != given[i])
            .findFirst()
            .orElseThrow();
    LabeledImages images = TestData.in(data).test();
    float[] expected;
    try (Model model = Model.load(finished.resolve("model"))) {
      expected = model.probabilities(images.normalize(first, 1));
    }

    openWhole(finished);
    int rem =
        browser.evaluateInt("parseFloat(getComputedStyle(document.documentElement).fontSize)");
    browser.click("#panel-6 canvas", (int) (3.1 * rem) + 5, (int) (0.6 * rem) + 5);
    browser.waitUntil("document.getElementById('digit').open");
    assertThat(browser.text("#digit-title")).isEqualTo("Test digit " + first);
    assertThat(browser.text("#digit-label")).isEqualTo("" + right[first]);
    assertThat(browser.text("#digit-prediction")).isEqualTo("" + given[first]);
    browser.waitUntil(
        "[...document.querySelectorAll('#digit-bars output')].every(bar => bar.textContent !== '')");
    List<?> bars =
        (List<?>)
            browser.evaluate(
                "[...document.querySelectorAll('#digit-bars output')]"
                    + ".map(bar => bar.textContent.replace(/[<%]/g, ''))");
    assertThat(bars).hasSize(10);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Double.parseDouble((String) bars.get(i)))
          .isCloseTo(100 * expected[i], within(0.1001));
    }
    browser.screenshot("dialog");
    browser.press(Keys.ESCAPE);
    browser.waitUntil("!document.getElementById('digit').open");
    assertThat(panels()).hasSize(6);
  }

  // ---- Several runs

  @Test
  void comparesTwoRuns() throws Exception {
    browser.open(page.address());
    browser.waitUntil("document.querySelectorAll('#runs tbody tr').length >= 2");
    for (Path run : List.of(finished, other)) {
      browser.find("#runs tr[data-run=" + run.getFileName() + "] input").click();
    }
    browser.screenshot("list");
    browser.find("#compare").click();
    browser.waitUntil("view.page === 'compare' && view.state.moments > 0");
    for (Path run : List.of(finished, other)) {
      List<TestSnapshot> tests = ViewRecord.read(run).tests();
      float last = tests.get(tests.size() - 1).measurement().accuracy();
      String row = "#legend tr[data-run=" + run.getFileName() + "]";
      browser.waitUntil(
          "document.querySelector(arguments[0]).cells[2].textContent.endsWith('%')", row);
      assertThat(percentOf(row + " td:nth-child(3)")).isCloseTo(100 * last, within(0.00501));
    }
    assertThat(drawn(0x0072b2)).as("pixels of the first one's curve").isGreaterThan(50);
    assertThat(drawn(0xd55e00)).as("pixels of the second one's curve").isGreaterThan(50);
  }

  private static int drawn(int color) {
    return browser.evaluateInt(
        """
        (() => {
          const canvas = document.querySelector('#compare-accuracy canvas');
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
          copy.drawImage(canvas, 0, 0);
          const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            if ((data[i] << 16 | data[i + 1] << 8 | data[i + 2]) === %d && data[i + 3]) count++;
          }
          return count;
        })()"""
            .formatted(color));
  }

  // ---- Runs that something has happened to

  @Test
  void reportsADeletedFolder() throws Exception {
    Path run = ShownRun.copy(finished, "lost");
    ShownRun.say(run, "running");
    openWhole(run);
    ShownRun.delete(run);
    browser.waitUntil("document.getElementById('notice').textContent.includes('no longer exists')");
    assertThat(panels()).hasSize(6); // what was read stays
    assertThat(browser.text("#status")).isEqualTo("gone");
    browser.screenshot("gone");

    browser.reload();
    browser.waitUntil(
        "document.getElementById('notice').textContent === 'There is no run lost here.'");
    browser.evaluate("location.hash = '#100%'"); // escapes nothing
    browser.waitUntil(
        "document.getElementById('notice').textContent === 'There is no run 100% here.'");
  }

  @Test
  void showsATruncatedRecordAsFarAsItIsValid() throws Exception {
    Path run = ShownRun.copy(finished, "cut");
    Path record = run.resolve(RunFolder.VIEW_RECORD);
    byte[] whole = Files.readAllBytes(record);
    Files.write(record, Arrays.copyOf(whole, whole.length / 2));
    openWhole(run);
    browser.waitUntil(
        "document.getElementById('notice').textContent.includes('truncated or damaged')");
    assertThat(panels()).hasSize(6);
    List<BatchSnapshot> batches = ViewRecord.read(run).batches();
    assertThat(browser.evaluateInt("view.iteration"))
        .isEqualTo(batches.get(batches.size() - 1).measurement().iteration())
        .isBetween(1, LAST - 1);
  }

  /** Texts from a record are shown as they are, never parsed. */
  @Test
  void aRecordFromElsewhereCannotChangeThePage() throws Exception {
    Path run = ShownRun.copy(finished, "foreign");
    String attack = "<meta http-equiv=refresh content='0;url=about:blank'><img src=x>&amp;";
    HostileRecord.withTexts(run.resolve(RunFolder.VIEW_RECORD), attack);
    ObjectNode json = (ObjectNode) ShownRun.json(run);
    json.put("title", attack).put("stage", attack);
    Files.write(run.resolve("run.json"), Json.MAPPER.writeValueAsBytes(json));
    openWhole(run);
    browser.waitUntil("document.querySelectorAll('#confusion th').length === 20");
    assertThat(browser.evaluate("document.querySelector('#confusion th').title")).isEqualTo(attack);
    assertThat(browser.evaluate("document.getElementById('title').textContent")).isEqualTo(attack);
    assertThat(browser.evaluateInt("document.querySelectorAll('main meta, main img').length"))
        .isZero();

    HostileRecord.withTexts(run.resolve(RunFolder.VIEW_RECORD), null);
    browser.reload();
    browser.waitUntil("document.getElementById('notice').textContent.includes('damaged header')");
  }

  @Test
  void listsARunThatCannotBeReadWithItsReason() throws Exception {
    Path run = Files.createDirectory(runs.resolve("unreadable"));
    Files.createSymbolicLink(run.resolve("run.json"), finished.resolve("run.json"));
    browser.open(page.address());
    browser.waitUntil("document.querySelector('#runs tr[data-run=unreadable]') !== null");
    assertThat(browser.text("#runs tr[data-run=unreadable]"))
        .contains("unreadable", "is a symbolic link, which is not followed");
    assertThat(browser.text("#runs tr[data-run=finished]")).contains("completed");
    Files.delete(run.resolve("run.json"));
  }

  @Test
  void reportsAMissingRecord() throws Exception {
    Path run = ShownRun.copy(finished, "unrecorded");
    Files.delete(run.resolve(RunFolder.VIEW_RECORD));
    open(run);
    browser.waitUntil("document.getElementById('no-record').checkVisibility()");
    assertThat(browser.text("#no-record")).contains("started without --view or --record-view");
    assertThat(browser.text("#facts")).contains("completed");
  }

  @Test
  void reportsWhatCannotBeRead() throws Exception {
    Path run = ShownRun.copy(finished, "strange");
    Files.writeString(run.resolve(RunFolder.VIEW_RECORD), "something else");
    open(run);
    browser.waitUntil("document.getElementById('notice').textContent.includes('unknown format')");

    run = ShownRun.copy(finished, "damaged");
    Files.writeString(run.resolve("run.json"), "{");
    open(run);
    browser.waitUntil(
        "document.getElementById('notice').textContent.includes('run.json is damaged')");
  }
}
