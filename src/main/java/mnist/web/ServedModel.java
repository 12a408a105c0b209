package mnist.web;

import io.javalin.http.ServiceUnavailableResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.model.Model;
import mnist.platform.ErrorMessages;

/**
 * A model that is served under a name: either one SavedModel, which is version 1, or the latest
 * version in a folder of versions {@code 1/}, {@code 2/} …, which is polled for changes. A new
 * version replaces the current one once it is loaded; requests in progress finish on the old one. A
 * version that cannot be loaded changes nothing.
 */
final class ServedModel implements AutoCloseable {
  static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

  private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");

  private final String name;
  private final Path folder;
  private final Consumer<String> log;
  private final Map<Long, String> fingerprints = new HashMap<>();
  private final SortedMap<Long, String> failures =
      new ConcurrentSkipListMap<>(Comparator.reverseOrder());
  private final ScheduledExecutorService poller = Executors.newSingleThreadScheduledExecutor();

  /** Held by requests for reading, so that no version is closed while it is in use. */
  private final ReadWriteLock use = new ReentrantReadWriteLock();

  private volatile Version current;

  /** A version in memory, with the handlers of all supported signatures by name. */
  record Version(long number, Model model, Map<String, SignatureHandler> handlers) {
    private static Version load(long number, Path folder) throws IOException {
      Model model = Model.load(folder);
      Map<String, SignatureHandler> handlers = new HashMap<>();
      model
          .signatures()
          .forEach(
              (name, signature) ->
                  SignatureHandler.of(model, signature)
                      .ifPresent(handler -> handlers.put(name, handler)));
      return new Version(number, model, handlers);
    }
  }

  private ServedModel(String name, Path folder, Consumer<String> log) {
    this.name = name;
    this.folder = folder;
    this.log = log;
  }

  /**
   * Loads a model.
   *
   * @param folder a SavedModel, or a folder of versions, which is polled from then on
   * @param log receives one line for each version that is loaded or cannot be loaded
   * @param pollInterval how often a folder of versions is checked for changes
   * @throws IOException if no version can be loaded
   */
  static ServedModel open(String name, Path folder, Consumer<String> log, Duration pollInterval)
      throws IOException {
    ServedModel model = new ServedModel(name, folder, log);
    try {
      if (Model.exists(folder) || model.versions().isEmpty()) {
        model.current = Version.load(1, folder);
      } else {
        model.loadLatest();
        long millis = pollInterval.toMillis();
        model.poller.scheduleWithFixedDelay(model::poll, millis, millis, TimeUnit.MILLISECONDS);
      }
      return model;
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** The name it is served by. */
  String name() {
    return name;
  }

  /** The version that is served now; to use its model, see {@link #apply}. */
  Version current() {
    return current;
  }

  /** Applies a function to the current version, which stays open meanwhile. */
  <T> T apply(Function<Version, T> function) {
    use.readLock().lock();
    try {
      if (current == null) {
        throw new ServiceUnavailableResponse(name + " has been closed");
      }
      return function.apply(current);
    } finally {
      use.readLock().unlock();
    }
  }

  /** Null for the current version, then why each of the others cannot be loaded. */
  Map<Long, String> errors() {
    Map<Long, String> errors = new LinkedHashMap<>();
    errors.put(current.number(), null);
    errors.putAll(failures);
    return errors;
  }

  // ---- Versions

  /** The versions that the folder holds, the latest first. */
  private List<Long> versions() {
    try (Stream<Path> content = Files.list(folder)) {
      return content
          .filter(version -> VERSION.matcher(version.getFileName().toString()).matches())
          .filter(Files::isDirectory)
          .map(version -> Long.parseLong(version.getFileName().toString()))
          .sorted(Comparator.reverseOrder())
          .toList();
    } catch (IOException e) {
      return List.of(); // loading the folder reports the reason
    }
  }

  private Path folder(long version) {
    return folder.resolve(String.valueOf(version));
  }

  /** Loads the latest version that can be loaded. */
  private void loadLatest() throws IOException {
    IOException first = null;
    for (long version : versions()) {
      fingerprints.put(version, fingerprint(version));
      try {
        current = Version.load(version, folder(version));
        return;
      } catch (IOException e) {
        recordFailure(version, e);
        first = first == null ? e : first;
      }
    }
    throw first;
  }

  private void recordFailure(long version, IOException e) {
    String reason = ErrorMessages.summarize(e);
    failures.put(version, reason);
    log.accept("%s: version %d cannot be loaded: %s".formatted(name, version, reason));
  }

  private void poll() {
    try {
      List<Long> versions = versions();
      fingerprints.keySet().retainAll(versions);
      failures.keySet().retainAll(versions);
      boolean mayFallBack = !versions.contains(current.number());
      for (long version : versions) {
        if (version == current.number() || version < current.number() && !mayFallBack) {
          return;
        }
        if (isReady(version) && replaceBy(version)) {
          return;
        }
      }
    } catch (IOException e) {
      log.accept(
          "%s: cannot check for new versions: %s".formatted(name, ErrorMessages.summarize(e)));
    } catch (RuntimeException | Error e) { // or it would be the last check
      new FaultLog(log).add(name + ": checking for new versions", e);
    }
  }

  /**
   * Whether to try loading a version: its files have not changed since the last poll, so they are
   * probably complete, and loading these files has not failed before.
   */
  private boolean isReady(long version) throws IOException {
    String fingerprint = fingerprint(version);
    String previous = fingerprints.put(version, fingerprint);
    if (!fingerprint.equals(previous)) {
      failures.remove(version);
      return false;
    }
    return !failures.containsKey(version);
  }

  private boolean replaceBy(long version) {
    long previous = current.number();
    try {
      setCurrent(Version.load(version, folder(version)));
    } catch (IOException e) {
      recordFailure(version, e);
      log.accept("%s: still serving version %d".formatted(name, previous));
      return false;
    }
    log.accept("%s: version %d replaces version %d".formatted(name, version, previous));
    return true;
  }

  /** Names, sizes and modification times of a version's files. */
  private String fingerprint(long version) throws IOException {
    StringBuilder fingerprint = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder(version))) {
      for (Path file : files.sorted().toList()) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        fingerprint.append(file).append(attributes.size()).append(attributes.lastModifiedTime());
      }
    }
    return fingerprint.toString();
  }

  /** Closes the current version once no request uses it, and replaces it. */
  private void setCurrent(Version next) {
    use.writeLock().lock();
    try {
      if (current != null) {
        current.model().close();
      }
      current = next;
    } finally {
      use.writeLock().unlock();
    }
  }

  /** Stops polling, and closes the model once no request uses it. */
  @Override
  public void close() {
    poller.shutdownNow();
    setCurrent(null);
  }
}
