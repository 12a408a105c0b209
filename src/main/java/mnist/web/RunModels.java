package mnist.web;

import java.io.IOException;
import java.nio.file.Files;
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
import mnist.model.Model;
import mnist.model.ModelCard;
import mnist.model.SavedModelFolder;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;

/**
 * The models that runs have left. A model is loaded when it is first used, and again when its file
 * has changed; of more than {@value #MAX_OPEN} the least recently used is closed.
 */
public final class RunModels implements AutoCloseable {
  private static final int MAX_OPEN = 16;

  private final RunFolders runs;
  private final Runnable loadTensorFlow;
  private final Consumer<String> log;
  private final Map<String, OpenModel> open = new LinkedHashMap<>(16, 0.75f, true);
  private boolean tensorFlowLoaded;

  private record OpenModel(ServedModel model, FileTime modified) {}

  /** A model that can be loaded, with the name of its run. */
  record Listing(String name, ModelCard card) {}

  /**
   * The models of all runs directly in a folder, which need not exist.
   *
   * @param loadTensorFlow called once, before the first model is loaded
   * @param log receives one line for each model that cannot be loaded
   */
  public RunModels(Path runs, Runnable loadTensorFlow, Consumer<String> log) {
    this.runs = new RunFolders(runs, log);
    this.loadTensorFlow = loadTensorFlow;
    this.log = log;
  }

  /** All models with a model card, by stage, the newest first within each. */
  List<Listing> list() throws IOException {
    List<Listing> models = new ArrayList<>();
    for (RunFolder run : runs.list()) {
      card(run).ifPresent(card -> models.add(new Listing(run.name(), card)));
    }
    models.sort(Comparator.comparing(model -> model.card().stage()));
    return models;
  }

  private static Optional<ModelCard> card(RunFolder run) {
    try {
      return run.hasModel() ? Model.readCard(run.model()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // damaged, or just deleted
    }
  }

  /** The model of a run; empty if there is no such run, or it has no model. */
  Optional<ServedModel> get(String run) throws IOException {
    RunFolder folder;
    try {
      folder = runs.get(run);
    } catch (IOException e) {
      return Optional.empty();
    }
    return get(folder);
  }

  /** The model of a run; empty if the run has none. */
  synchronized Optional<ServedModel> get(RunFolder folder) throws IOException {
    if (!folder.hasModel()) {
      return Optional.empty();
    }
    String run = folder.name();
    FileTime modified = Files.getLastModifiedTime(folder.model().resolve(SavedModelFolder.GRAPH));
    OpenModel previous = open.get(run);
    if (previous != null && previous.modified.equals(modified)) {
      return Optional.of(previous.model);
    }
    if (!tensorFlowLoaded) {
      loadTensorFlow.run();
      tensorFlowLoaded = true;
    }
    ServedModel model = ServedModel.open(run, folder.model(), log, ServedModel.POLL_INTERVAL);
    open.put(run, new OpenModel(model, modified));
    if (previous != null) {
      previous.model.close();
    }
    if (open.size() > MAX_OPEN) {
      Iterator<OpenModel> leastRecentlyUsed = open.values().iterator();
      leastRecentlyUsed.next().model.close();
      leastRecentlyUsed.remove();
    }
    return Optional.of(model);
  }

  @Override
  public synchronized void close() {
    open.values().forEach(entry -> entry.model.close());
    open.clear();
  }
}
