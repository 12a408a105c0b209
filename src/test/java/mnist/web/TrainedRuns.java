package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import mnist.Mnist10Softmax;
import mnist.Mnist21FiveLayersReluLrDecay;
import mnist.Mnist30Convolutional;
import mnist.TestData;
import mnist.app.Training;
import mnist.training.Stage;
import mnist.training.TrainingListener;

/** ServedModels to be served, trained on the drawn digits for a few seconds. */
public final class TrainedRuns {
  private TrainedRuns() {}

  /** One that reads drawn digits well; gives the model's folder. */
  public static Path dense(Path run) throws Exception {
    return train(new Mnist21FiveLayersReluLrDecay(), 400, run);
  }

  /** One softmax layer after a few steps, which often errs. */
  public static Path poor(Path run) throws Exception {
    return train(new Mnist10Softmax(), 50, run);
  }

  /** A convolutional one. */
  public static Path convolutional(Path run) throws Exception {
    return train(new Mnist30Convolutional(), 60, run);
  }

  private static Path train(Stage stage, int iterations, Path run) throws Exception {
    int exitCode =
        Training.run(
            stage,
            new TrainingListener() {},
            new PrintStream(OutputStream.nullOutputStream()),
            System.err,
            "--data=" + TestData.drawnDigits().source(),
            "--iterations=" + iterations,
            "--quiet",
            "--checkpoint-seconds=0",
            "--run-dir=" + run);
    assertThat(exitCode).isZero();
    return run.resolve("model");
  }
}
