package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import mnist.Mnist21FiveLayersReluLrDecay;
import mnist.app.Training;
import mnist.training.TrainingListener;

/** Short runs of stage 2.1. */
final class TrainedModel {
  private TrainedModel() {}

  /** Trains in a new folder; returns the folder of the model. */
  static Path in(Path folder, Path data) {
    run(folder.resolve("run"), "--data=" + data, "--iterations=200");
    return folder.resolve("run").resolve("model");
  }

  /** Trains without Spark; returns the run's folder. */
  static Path run(Path folder, String... options) {
    String[] args = new String[options.length + 2];
    System.arraycopy(options, 0, args, 2, options.length);
    args[0] = "--quiet";
    args[1] = "--run-dir=" + folder;
    int exitCode =
        Training.run(
            new Mnist21FiveLayersReluLrDecay(),
            new TrainingListener() {},
            new PrintStream(OutputStream.nullOutputStream()),
            System.err,
            args);
    assertThat(exitCode).isZero();
    return folder;
  }
}
