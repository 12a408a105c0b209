package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import mnist.app.Training;
import mnist.training.TrainingListener;

/** A short run of stage 2.1 on the synthetic digits, with a view record. */
public final class SmallRun {
  /** The last iteration; batch and test set are measured at 0, 20 … 100. */
  public static final int LAST = 100;

  private SmallRun() {}

  /** Trains, and leaves a run's folder of that name. */
  public static Path in(Path folder) throws Exception {
    int exitCode =
        Training.run(
            new Mnist21FiveLayersReluLrDecay(),
            new TrainingListener() {},
            new PrintStream(OutputStream.nullOutputStream()),
            System.err,
            "--data=" + TestData.drawnDigits().source(),
            "--iterations=" + LAST,
            "--quiet",
            "--record-view",
            "--no-export",
            "--run-dir=" + folder);
    assertThat(exitCode).isZero();
    return folder;
  }
}
