package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import mnist.data.Split;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.Test;

/** Listeners that a run can do without. */
class AsyncListenersTest {
  private final List<String> log = new CopyOnWriteArrayList<>();

  private interface Recorder extends TrainingListener, Closeable {
    @Override
    default void close() throws IOException {
      throw new IOException("not flushed");
    }
  }

  @Test
  void failuresAreToldAndFaultsHaveAStackTrace() {
    Recorder broken =
        new Recorder() {
          @Override
          public void onEvaluation(Evaluation evaluation) {
            throw new IllegalStateException("impossible");
          }
        };
    try (AsyncListeners listeners = new AsyncListeners(log::add)) {
      listeners.add("event files", () -> broken);
      listeners.<Recorder>add(
          "view record",
          () -> {
            throw new IOException("disk full");
          });
      listeners.<Recorder>add(
          "pictures",
          () -> {
            throw new StackOverflowError();
          });
      Measurement measurement = new Measurement(0, 1, Split.TEST, 0.5f, 1, 0.1f);
      Evaluation evaluation = new Evaluation(measurement, new int[0], new int[0], Map.of());
      listeners.listeners().forEach(listener -> listener.onEvaluation(evaluation));
    }
    assertThat(log).hasSize(4);
    assertThat(log.get(0)).isEqualTo("There will be no view record: disk full");
    assertThat(log.get(1))
        .startsWith("There will be no pictures: this is a bug")
        .contains("StackOverflowError");
    assertThat(log.get(2))
        .startsWith("Recording of the event files has stopped, the run continues: this is a bug")
        .contains("IllegalStateException: impossible", "\tat mnist.app.AsyncListenersTest");
    assertThat(log.get(3)).isEqualTo("a listener could not be closed: not flushed");
  }
}
