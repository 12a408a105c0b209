package mnist.web;

import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.util.function.Supplier;

/** All models that can be asked: the one that is served, and those of the runs. */
final class ServedModels {
  private final ServedModel served;
  private final ServedRunModels runs;

  ServedModels(ServedModel served, ServedRunModels runs) {
    this.served = served;
    this.runs = runs;
  }

  /** The one that the server was started for. */
  ServedModel served() {
    return served;
  }

  /** Those of the runs. */
  ServedRunModels runs() {
    return runs;
  }

  /**
   * A model by its name; that of a run if it is not the one that is served.
   *
   * @param refusal what is said where there is none
   * @throws NotFoundResponse if there is none
   * @throws IOException if it cannot be loaded
   */
  ServedModel named(String name, Supplier<String> refusal) throws IOException {
    if (name.equals(served.name())) {
      return served;
    }
    if (!runs.has(name)) {
      throw new NotFoundResponse(refusal.get());
    }
    return runs.model(name);
  }
}
