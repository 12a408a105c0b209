package mnist.web;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;

/** The models that runs have left, each by its run's name; loaded when they are first asked. */
final class ServedRunModels implements AutoCloseable {
  /** So many stay in memory; the one that was asked longest ago makes room. */
  private static final int MOST_OPEN = 16;

  private final Path runs;
  private final Consumer<String> log;
  private final Map<String, Opened> open = new LinkedHashMap<>(16, 0.75f, true);

  /** A model in memory, and when its file had been written. */
  private record Opened(ServedModel model, FileTime written) {}

  /**
   * A model that can be asked.
   *
   * @param card what it says of itself
   */
  record Offer(String name, ModelCard card) {}

  /** Of all runs directly in {@code runs}, which need not exist. */
  ServedRunModels(Path runs, Consumer<String> log) {
    this.runs = runs;
    this.log = log;
  }

  /** Those there are now, by stage, the newest first within each. */
  List<Offer> offers() throws IOException {
    List<Offer> offers = new ArrayList<>();
    try (Stream<Path> content = Files.list(runs)) {
      for (Path run : content.sorted(Comparator.reverseOrder()).toList()) {
        String name = run.getFileName().toString();
        Optional<ModelCard> card = has(name) ? card(folder(name)) : Optional.empty();
        card.ifPresent(found -> offers.add(new Offer(name, found)));
      }
    } catch (NoSuchFileException e) {
      return List.of(); // no run yet
    }
    offers.sort(Comparator.comparing(offer -> offer.card().stage()));
    return offers;
  }

  private static Optional<ModelCard> card(Path model) {
    try {
      return Model.readCard(model);
    } catch (IOException e) {
      return Optional.empty(); // damaged, or gone by now
    }
  }

  /** Whether a run of that name has left a model. */
  boolean has(String name) {
    return RunFolders.isValidName(name) && Model.exists(folder(name));
  }

  private Path folder(String name) {
    return new RunFolder(runs.resolve(name)).model();
  }

  /**
   * One of them.
   *
   * @throws IOException if it cannot be loaded
   */
  synchronized ServedModel model(String name) throws IOException {
    FileTime written = Files.getLastModifiedTime(folder(name).resolve("saved_model.pb"));
    Opened opened = open.get(name);
    if (opened != null && opened.written.equals(written)) {
      return opened.model;
    }
    ServedModel model = ServedModel.open(name, folder(name), log);
    if (opened != null) {
      opened.model.close(); // the run has gone on, and left another one
    }
    open.put(name, new Opened(model, written));
    if (open.size() > MOST_OPEN) {
      Iterator<Opened> longestAgo = open.values().iterator();
      longestAgo.next().model.close();
      longestAgo.remove();
    }
    return model;
  }

  @Override
  public synchronized void close() {
    open.values().forEach(opened -> opened.model.close());
    open.clear();
  }
}
