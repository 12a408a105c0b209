package mnist.runs;

import java.io.Flushable;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;

/** Writes a checkpoint at regular intervals, and when the training ends. */
public final class Checkpointer implements TrainingListener {
  private final Checkpoints checkpoints;
  private final Duration interval;
  private final Flushable before;
  private long last = System.nanoTime();

  /**
   * @param interval between two checkpoints, at least
   * @param before the run's other files, which a checkpoint must never be ahead of
   */
  public Checkpointer(Checkpoints checkpoints, Duration interval, Flushable before) {
    this.checkpoints = checkpoints;
    this.interval = interval;
    this.before = before;
  }

  @Override
  public void onProgress(int next, boolean ends, Supplier<TrainingState> state) throws IOException {
    if (ends || System.nanoTime() - last >= interval.toNanos()) {
      before.flush();
      checkpoints.write(state.get());
      last = System.nanoTime();
    }
  }
}
