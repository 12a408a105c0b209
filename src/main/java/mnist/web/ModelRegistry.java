package mnist.web;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** The models of a server by name: the one it was started for, and those of the runs. */
public final class ModelRegistry implements AutoCloseable {
  private final ServedModel served;
  private final RunModels runs;

  ModelRegistry(ServedModel served, RunModels runs) {
    this.served = served;
    this.runs = runs;
  }

  /**
   * Loads a model. TensorFlow must have been loaded before.
   *
   * @param name the name it is served by
   * @param model the folder of a SavedModel, or one of versions {@code 1/}, {@code 2/} …
   * @param runs folder with runs, whose models are loaded on demand; it need not exist
   * @param log receives one line for each version that is loaded or cannot be loaded
   * @throws IOException if the model cannot be loaded
   */
  public static ModelRegistry open(String name, Path model, Path runs, Consumer<String> log)
      throws IOException {
    return new ModelRegistry(
        ServedModel.open(name, model, log, ServedModel.POLL_INTERVAL),
        new RunModels(runs, () -> {}, log));
  }

  /** The model that the server was started for. */
  ServedModel served() {
    return served;
  }

  RunModels runs() {
    return runs;
  }

  /** A model by its name; empty if there is none. */
  Optional<ServedModel> get(String name) throws IOException {
    return name.equals(served.name()) ? Optional.of(served) : runs.get(name);
  }

  /** Name, version and, where the model has a card, stage of the served model. */
  public String title() {
    ServedModel.Version version = served.current();
    String about =
        version
            .model()
            .card()
            .map(card -> " (%s, %s)".formatted(card.stage(), card.title()))
            .orElse("");
    return "%s, version %d%s".formatted(served.name(), version.number(), about);
  }

  @Override
  public void close() {
    runs.close();
    served.close();
  }
}
