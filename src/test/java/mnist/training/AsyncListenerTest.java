package mnist.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import mnist.data.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AsyncListenerTest {
  private final List<Integer> heard = new ArrayList<>();
  private final List<Exception> lost = new ArrayList<>();

  private interface Hearing {
    void onEvaluation(Evaluation evaluation) throws Exception;
  }

  private static TrainingListener listener(Hearing hearing) {
    return new TrainingListener() {
      @Override
      public void onEvaluation(Evaluation evaluation) throws IOException {
        try {
          hearing.onEvaluation(evaluation);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    };
  }

  private void told(TrainingListener listener, Duration patience, Consumer<AsyncListener> after) {
    try (AsyncListener onlooker = new AsyncListener(listener, patience, lost::add)) {
      for (int i = 0; i < 100; i++) {
        Measurement measurement = new Measurement(i, 1, Split.TEST, 0.5f, 1, 0.1f);
        onlooker.onEvaluation(new Evaluation(measurement, new int[0], new int[0], Map.of()));
      }
      after.accept(onlooker);
    }
  }

  @Test
  void hearsEverythingInOrderAndTheLastBeforeItIsClosed() {
    told(
        listener(
            seen -> {
              Thread.sleep(1);
              heard.add(seen.measurement().iteration());
            }),
        Duration.ofSeconds(30),
        onlooker -> {});
    assertThat(heard).hasSize(100).isSorted();
    assertThat(lost).isEmpty();
  }

  @Test
  void oneThatNeverComesBackCostsNoMoreThanThePatience() {
    CountDownLatch never = new CountDownLatch(1);
    long began = System.nanoTime();
    told(listener(seen -> never.await()), Duration.ofMillis(300), onlooker -> {});
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isBetween(Duration.ofMillis(250), Duration.ofSeconds(20));
    assertThat(lost).hasSize(1).hasOnlyElementsOfType(TimeoutException.class);
  }

  @Test
  void oneThatFailsIsToldOnceAndHearsNoMore() {
    told(
        listener(
            seen -> {
              heard.add(seen.measurement().iteration());
              throw new IOException("no room");
            }),
        Duration.ofSeconds(30),
        onlooker -> {});
    assertThat(heard).containsExactly(0);
    assertThat(lost).singleElement().satisfies(e -> assertThat(e).hasMessage("no room"));
  }
}
