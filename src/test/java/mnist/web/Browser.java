package mnist.web;

import static org.assertj.core.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The Chromium on the PATH, headless. */
public final class Browser implements AutoCloseable {
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final long TIMEOUT_MILLIS = 20_000;
  private static final long POLL_MILLIS = 30;

  /** A strong reference, so that its level is not lost to garbage collection. */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /**
   * Whether Chromium and its driver are installed. With {@code REQUIRE_BROWSER} set, always true,
   * so that a test fails without them instead of being skipped.
   */
  public static boolean isInstalled() {
    return System.getenv("REQUIRE_BROWSER") != null
        || onPath("chromium").isPresent() && onPath("chromedriver").isPresent();
  }

  /**
   * Starts the browser.
   *
   * @param profile a new folder for the browser's data
   */
  public static Browser open(Path profile) {
    SELENIUM.setLevel(Level.SEVERE);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(onPath("chromium").orElseThrow());
    options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1280,800",
        "--user-data-dir=" + profile.toAbsolutePath());
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(onPath("chromedriver").orElseThrow())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static Optional<File> onPath(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> new File(folder, program))
        .filter(File::canExecute)
        .findFirst();
  }

  /** Loads an address, even if only its fragment has changed. */
  public void open(String address) {
    driver.get("about:blank");
    driver.get(address);
  }

  public void reload() {
    driver.navigate().refresh();
  }

  /**
   * Evaluates a JavaScript expression in the page.
   *
   * @param arguments available as arguments[0] …
   */
  public Object evaluate(String expression, Object... arguments) {
    return driver.executeScript("return " + expression, arguments);
  }

  /** Evaluates an expression that gives a number. */
  public int evaluateInt(String expression) {
    return ((Number) evaluate(expression)).intValue();
  }

  /** Whether an expression is true; not before the page has run its scripts. */
  private boolean isTrue(String expression, Object... arguments) {
    try {
      return Boolean.TRUE.equals(evaluate(expression, arguments));
    } catch (JavascriptException e) {
      return false;
    }
  }

  /** Waits until an expression is true. */
  public void waitUntil(String expression, Object... arguments) throws InterruptedException {
    long end = System.currentTimeMillis() + TIMEOUT_MILLIS;
    while (!isTrue(expression, arguments)) {
      if (System.currentTimeMillis() > end) {
        screenshot("timeout");
        fail(
            "timed out waiting for %s with %s; state: %s, notice: %s",
            expression,
            List.of(arguments),
            evaluate("typeof view === 'undefined' ? 'no view' : JSON.stringify(view.state)"),
            text("#notice"));
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  public WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  /** The visible text of an element. */
  public String text(String selector) {
    return find(selector).getText();
  }

  public void press(CharSequence key) {
    new Actions(driver).sendKeys(key).perform();
  }

  /** Clicks in an element, in CSS pixels from its upper left corner. */
  public void click(String selector, int x, int y) {
    WebElement element = find(selector);
    int width = element.getSize().getWidth();
    int height = element.getSize().getHeight();
    new Actions(driver).moveToElement(element, x - width / 2, y - height / 2).click().perform();
  }

  /**
   * Draws a stroke with the mouse in an element.
   *
   * @param points of the stroke, as fractions of the element's sides
   */
  public void draw(String selector, double[]... points) {
    WebElement element = find(selector);
    int width = element.getSize().getWidth();
    int height = element.getSize().getHeight();
    Actions pen = new Actions(driver, Duration.ofMillis(5));
    for (int i = 0; i < points.length; i++) {
      int x = (int) Math.round((points[i][0] - 0.5) * width);
      int y = (int) Math.round((points[i][1] - 0.5) * height);
      pen.moveToElement(element, x, y);
      if (i == 0) {
        pen.clickAndHold();
      }
    }
    pen.release().perform();
  }

  /** Sets the size of the screen and the color scheme. */
  public void screen(int width, int height, boolean dark) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  /** Saves a screenshot. */
  public void screenshot(String name) {
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Warnings and errors on the console since the last call. */
  public List<String> consoleMessages() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
