package mnist.view;

import static org.assertj.core.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The Chromium that is on the PATH, without a window. */
final class Browser implements AutoCloseable {
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final long PATIENCE_MILLIS = 20_000;
  private static final long LOOK_MILLIS = 30;

  /** Kept here, or else its level would be forgotten. */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Whether there is one, and the driver for it. */
  static boolean isThere() {
    return onPath("chromium").isPresent() && onPath("chromedriver").isPresent();
  }

  /**
   * Opens it.
   *
   * @param profile a new folder for what it keeps
   */
  static Browser open(Path profile) {
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

  /** Opens an address anew, even where only what follows its # is another. */
  void go(String address) {
    driver.get("about:blank");
    driver.get(address);
  }

  void reload() {
    driver.navigate().refresh();
  }

  /**
   * What an expression of the page's language says.
   *
   * @param arguments found as arguments[0] …
   */
  Object say(String expression, Object... arguments) {
    return driver.executeScript("return " + expression, arguments);
  }

  /** The same, where it is a number. */
  int number(String expression) {
    return ((Number) say(expression)).intValue();
  }

  /** Waits until an expression holds. */
  void until(String expression, Object... arguments) throws InterruptedException {
    long end = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (!Boolean.TRUE.equals(say(expression, arguments))) {
      if (System.currentTimeMillis() > end) {
        keep("timeout");
        fail(
            "did not come true: %s with %s; the page shows %s and says %s",
            expression, List.of(arguments), say("JSON.stringify(view.state)"), text("#notice"));
      }
      Thread.sleep(LOOK_MILLIS);
    }
  }

  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  /** The text that people see there. */
  String text(String selector) {
    return find(selector).getText();
  }

  void press(CharSequence key) {
    new Actions(driver).sendKeys(key).perform();
  }

  /** Clicks somewhere in an element; in CSS pixels from its upper left corner. */
  void click(String selector, int x, int y) {
    WebElement element = find(selector);
    int width = element.getSize().getWidth();
    int height = element.getSize().getHeight();
    new Actions(driver).moveToElement(element, x - width / 2, y - height / 2).click().perform();
  }

  /** Keeps a picture of what is seen now. */
  void keep(String name) {
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Warnings and errors on the console since it was last asked. */
  List<String> complaints() {
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
