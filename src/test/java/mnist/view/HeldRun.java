package mnist.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import mnist.Mnist21FiveLayersReluLrDecay;
import mnist.runs.RunFolder;
import mnist.training.TrainingListener;

/** A run in this process that makes only as many steps as it is let. */
public final class HeldRun implements AutoCloseable {
  private static final int ALL = 1_000_000;

  final Path folder;
  private final Semaphore steps = new Semaphore(0);
  private final Thread training;

  /** Begins, and waits before the second step. */
  public HeldRun(Path data, Path folder, int iterations) {
    this.folder = folder;
    TrainingListener held =
        new TrainingListener() {
          @Override
          public void onStep(int iteration, long nanos) {
            steps.acquireUninterruptibly();
          }
        };
    training =
        new Thread(
            () ->
                ShownRun.train(
                    new Mnist21FiveLayersReluLrDecay(),
                    held,
                    data,
                    folder,
                    "--iterations=" + iterations,
                    "--no-export"));
    training.start();
  }

  public void go(int further) {
    steps.release(further);
  }

  /** Bytes of the view's record so far. */
  public long recorded() throws IOException {
    return Files.size(folder.resolve(RunFolder.VIEW_RECORD));
  }

  /** Lets it go to its end. */
  @Override
  public void close() {
    steps.release(ALL);
    try {
      training.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
