package mnist.runs;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;

/** Writes a checkpoint at regular intervals, and when the training ends. */
public final class Checkpointer implements TrainingListener {
  private final Checkpoints checkpoints;
  private final Duration interval;
  private final BeforeCheckpoint before;
  private long last = System.nanoTime();

  /** Brings the run's other files up to date, so that a checkpoint is never ahead of them. */
  public interface BeforeCheckpoint {
    void flush() throws IOException;
  }

  /**
   * @param interval between two checkpoints, at least
   */
  public Checkpointer(Checkpoints checkpoints, Duration interval, BeforeCheckpoint before) {
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
