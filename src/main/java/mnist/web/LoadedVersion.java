package mnist.web;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import mnist.model.Model;
import mnist.model.ModelCard;
import org.tensorflow.proto.SignatureDef;

/**
 * A version of a model, in memory as long as it is the one that is served or a request is still
 * asking it.
 */
final class LoadedVersion {
  private final long number;
  private final Path folder;
  private final Model model;
  private final Map<String, SignatureHandler> signatures;

  /** Whoever has opened it is the first. */
  private final AtomicInteger users = new AtomicInteger(1);

  private LoadedVersion(long number, Path folder, Model model) {
    this.number = number;
    this.folder = folder;
    this.model = model;
    signatures =
        model.signatures().entrySet().stream()
            .flatMap(
                entry ->
                    SignatureHandler.of(model, entry.getValue()).stream()
                        .map(signature -> Map.entry(entry.getKey(), signature)))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /**
   * Loads it.
   *
   * @param folder the one that holds {@code saved_model.pb}
   * @throws IOException one line that says why not
   */
  static LoadedVersion load(long number, Path folder) throws IOException {
    return new LoadedVersion(number, folder, Model.load(folder));
  }

  /** The number it is served by. */
  long number() {
    return number;
  }

  /** Where it was loaded from. */
  Path folder() {
    return folder;
  }

  /** What it says of itself. */
  Optional<ModelCard> card() {
    return model.card();
  }

  /** All signatures that it has, in the order of their names or not. */
  Map<String, SignatureDef> signatures() {
    return model.signatures();
  }

  /** A signature that can be asked here. */
  Optional<SignatureHandler> signature(String name) {
    return Optional.ofNullable(signatures.get(name));
  }

  /** Asks it something, unless it is closed; while it is asked it stays open. */
  <T> Optional<T> ask(Function<Model, T> question) {
    if (users.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(question.apply(model));
    } finally {
      leave();
    }
  }

  private void leave() {
    if (users.decrementAndGet() == 0) {
      model.close();
    }
  }

  /** Closes it as soon as nobody asks it any more. */
  void retire() {
    leave();
  }
}
