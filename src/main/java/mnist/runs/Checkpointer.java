package mnist.runs;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import mnist.nn.Network;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;

/** Writes a checkpoint every so often, and when the training ends. */
public final class Checkpointer implements TrainingListener {
  private final Path run;
  private final String stage;
  private final Network network;
  private final boolean oneDnn;
  private final Duration every;
  private final Before before;
  private long last = System.nanoTime();

  /** What must be on the disk before a checkpoint says that a training can go on from there. */
  public interface Before {
    void checkpoint() throws IOException;
  }

  /**
   * @param run the run's folder
   * @param oneDnn whether the kernels are oneDNN's
   * @param every at most so often
   */
  public Checkpointer(
      Path run, String stage, Network network, boolean oneDnn, Duration every, Before before) {
    this.run = run;
    this.stage = stage;
    this.network = network;
    this.oneDnn = oneDnn;
    this.every = every;
    this.before = before;
  }

  @Override
  public void onProgress(int next, boolean ends, Supplier<TrainingState> state) throws IOException {
    if (ends || System.nanoTime() - last >= every.toNanos()) {
      before.checkpoint();
      Checkpoint.write(run, stage, network, oneDnn, state.get());
      last = System.nanoTime();
    }
  }
}
