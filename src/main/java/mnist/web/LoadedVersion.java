package mnist.web;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import mnist.model.Model;

/**
 * A version of a model in memory.
 *
 * @param handlers the handlers of all supported signatures by name
 */
record LoadedVersion(long number, Model model, Map<String, SignatureHandler> handlers) {
  /**
   * Loads a version.
   *
   * @param folder the one that holds {@code saved_model.pb}
   * @throws IOException if it cannot be loaded
   */
  static LoadedVersion load(long number, Path folder) throws IOException {
    Model model = Model.load(folder);
    Map<String, SignatureHandler> handlers = new HashMap<>();
    model
        .signatures()
        .forEach(
            (name, signature) ->
                SignatureHandler.of(model, signature)
                    .ifPresent(handler -> handlers.put(name, handler)));
    return new LoadedVersion(number, model, handlers);
  }
}
