package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import mnist.data.Split;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AsyncListenerTest {
  private static final Duration AMPLE = Duration.ofSeconds(30);

  private final List<Integer> received = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();

  private interface Handler {
    void handle(Evaluation evaluation) throws IOException, InterruptedException;
  }

  /** Sends 100 evaluations. */
  private void send(Duration timeBudget, Handler handler) {
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onEvaluation(Evaluation evaluation) throws IOException {
            try {
              handler.handle(evaluation);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    try (AsyncListener async = new AsyncListener(listener, timeBudget, failures::add)) {
      for (int i = 0; i < 100; i++) {
        Measurement measurement = new Measurement(i, 1, Split.TEST, 0.5f, 1, 0.1f);
        async.onEvaluation(new Evaluation(measurement, new int[0], new int[0], Map.of()));
      }
    }
  }

  @Test
  void receivesAllEvaluationsInOrderBeforeItIsClosed() {
    send(
        AMPLE,
        evaluation -> {
          Thread.sleep(1);
          received.add(evaluation.measurement().iteration());
        });
    assertThat(received).hasSize(100).isSorted();
    assertThat(failures).isEmpty();
  }

  @Test
  void aListenerThatNeverReturnsCostsNoMoreThanTheTimeBudget() {
    CountDownLatch never = new CountDownLatch(1);
    long start = System.nanoTime();
    send(Duration.ofMillis(100), evaluation -> never.await());
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(90), Duration.ofSeconds(20));
    assertThat(failures).hasSize(1).hasOnlyElementsOfType(TimeoutException.class);
  }

  /** Such as a LinkageError, where Java has no fonts. */
  @Test
  void aListenerThatDiesOfAnErrorIsReportedAtOnce() {
    send(
        AMPLE,
        evaluation -> {
          received.add(evaluation.measurement().iteration());
          throw new UnsatisfiedLinkError("no awt");
        });
    assertThat(received).containsExactly(0);
    assertThat(failures).singleElement().isInstanceOf(UnsatisfiedLinkError.class);
  }

  @Test
  void aListenerThatFailsIsReportedOnceAndDetached() {
    send(
        AMPLE,
        evaluation -> {
          received.add(evaluation.measurement().iteration());
          throw new IOException("disk full");
        });
    assertThat(received).containsExactly(0);
    assertThat(failures).singleElement().satisfies(e -> assertThat(e).hasMessage("disk full"));
  }
}
