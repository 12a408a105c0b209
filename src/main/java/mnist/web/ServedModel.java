package mnist.web;

import io.javalin.http.ServiceUnavailableResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.model.Model;
import mnist.platform.ErrorMessages;

/**
 * A model under its name: one SavedModel, which is version 1, or the newest of a folder of versions
 * {@code 1/}, {@code 2/} …, which is watched. A new version takes the place of the old one once it
 * is loaded; requests that ask the old one are answered first. One that cannot be loaded changes
 * nothing.
 */
final class ServedModel implements AutoCloseable {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
  private static final long LOOK_MILLIS = 1000;

  private final String name;
  private final Path folder;
  private final Consumer<String> log;
  private final Map<Long, String> seen = new HashMap<>();
  private final SortedMap<Long, String> broken = new TreeMap<>(Comparator.reverseOrder());
  private final ScheduledExecutorService watching;
  private volatile LoadedVersion served;
  private volatile boolean closed;

  /**
   * How a version is.
   *
   * @param error why it cannot be loaded, null for the one that is served
   */
  record Status(long version, String error) {}

  private ServedModel(String name, Path folder, Consumer<String> log) {
    this.name = name;
    this.folder = folder;
    this.log = log;
    watching =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "versions-of-" + name);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Loads a model; a folder of versions is watched from then on.
   *
   * @param log hears of versions that come, go, or cannot be loaded
   * @throws IOException one line that says why it cannot be served
   */
  static ServedModel open(String name, Path folder, Consumer<String> log) throws IOException {
    ServedModel model = new ServedModel(name, folder, log);
    try {
      if (Model.exists(folder) || model.versions().isEmpty()) {
        model.served = LoadedVersion.load(1, folder);
      } else {
        model.loadNewest();
        model.watching.scheduleWithFixedDelay(
            model::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
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

  /** The version that is served now. */
  LoadedVersion served() {
    return served;
  }

  /**
   * Asks the version that is served.
   *
   * @param question is told which version it asks
   */
  <T> T ask(BiFunction<LoadedVersion, Model, T> question) {
    while (true) {
      LoadedVersion version = served;
      Optional<T> answer = version.ask(model -> question.apply(version, model));
      if (answer.isPresent()) {
        return answer.get();
      }
      if (closed) {
        throw new ServiceUnavailableResponse(name + " is being closed");
      }
      // Otherwise it has just been replaced.
    }
  }

  /** How its versions are: the one that is served, and newer or older ones that are broken. */
  List<Status> statuses() {
    long number = served.number();
    synchronized (broken) {
      return Stream.concat(
              Stream.of(new Status(number, null)),
              broken.entrySet().stream().map(e -> new Status(e.getKey(), e.getValue())))
          .toList();
    }
  }

  // ---- Versions

  /** The numbers of the versions that are there, the newest first. */
  private List<Long> versions() {
    try (Stream<Path> content = Files.list(folder)) {
      return content
          .filter(version -> NUMBER.matcher(version.getFileName().toString()).matches())
          .filter(Files::isDirectory)
          .map(version -> Long.parseLong(version.getFileName().toString()))
          .sorted(Comparator.reverseOrder())
          .toList();
    } catch (IOException e) {
      return List.of(); // loading it says why
    }
  }

  private Path folder(long version) {
    return folder.resolve(String.valueOf(version));
  }

  /** The newest that can be loaded. */
  private void loadNewest() throws IOException {
    IOException first = null;
    for (long version : versions()) {
      seen.put(version, fingerprint(version));
      try {
        served = LoadedVersion.load(version, folder(version));
        return;
      } catch (IOException e) {
        isBroken(version, e);
        first = first == null ? e : first;
      }
    }
    throw first;
  }

  private void isBroken(long version, IOException e) {
    synchronized (broken) {
      broken.put(version, ErrorMessages.summarize(e));
    }
    log.accept(
        "%s, version %d cannot be loaded: %s".formatted(name, version, ErrorMessages.summarize(e)));
  }

  private void look() {
    try {
      List<Long> versions = versions();
      seen.keySet().retainAll(versions);
      synchronized (broken) {
        broken.keySet().retainAll(versions);
      }
      boolean mayFallBack = !versions.contains(served.number());
      for (long version : versions) {
        if (version == served.number() || version < served.number() && !mayFallBack) {
          return;
        }
        if (changed(version) && replaceBy(version)) {
          return;
        }
      }
    } catch (IOException | RuntimeException e) {
      log.accept("%s could not be looked at: %s".formatted(folder, ErrorMessages.summarize(e)));
    }
  }

  /**
   * Whether a version is worth a try: not what could not be loaded before, and the same as a second
   * ago, since it may still be on its way here.
   */
  private boolean changed(long version) throws IOException {
    String now = fingerprint(version);
    String before = seen.put(version, now);
    synchronized (broken) {
      if (!now.equals(before)) {
        broken.remove(version);
        return false;
      }
      return !broken.containsKey(version);
    }
  }

  private boolean replaceBy(long version) {
    LoadedVersion old = served;
    try {
      served = LoadedVersion.load(version, folder(version));
    } catch (IOException e) {
      isBroken(version, e);
      log.accept("%s, version %d goes on serving".formatted(name, old.number()));
      return false;
    }
    old.retire();
    log.accept("%s, version %d is served in place of %d".formatted(name, version, old.number()));
    return true;
  }

  /** Sizes and times of a version's files. */
  private String fingerprint(long version) throws IOException {
    StringBuilder print = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder(version))) {
      for (Path file : files.sorted().toList()) {
        BasicFileAttributes of = Files.readAttributes(file, BasicFileAttributes.class);
        print.append(file).append(of.size()).append(of.lastModifiedTime());
      }
    }
    return print.toString();
  }

  /** Stops watching; the model closes as soon as nobody asks it any more. */
  @Override
  public void close() {
    closed = true;
    watching.shutdownNow();
    if (served != null) {
      served.retire();
    }
  }
}
