package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import mnist.Mnist10Softmax;
import mnist.Mnist21FiveLayersReluLrDecay;
import mnist.Mnist30Convolutional;
import mnist.TestData;
import mnist.app.Training;
import mnist.platform.FileTree;
import mnist.training.Stage;
import mnist.training.TrainingListener;

/** Runs for tests, trained on the synthetic digits once for all test classes and then copied. */
public final class TrainedRuns {
  private static final Map<Stage, Path> TRAINED = new ConcurrentHashMap<>();
  private static final Stage DENSE = new Mnist21FiveLayersReluLrDecay();
  private static final Stage SOFTMAX = new Mnist10Softmax();
  private static final Stage CONVOLUTIONAL = new Mnist30Convolutional();

  private TrainedRuns() {}

  /** A model that classifies synthetic digits well; returns the model's folder. */
  public static Path dense(Path run) throws IOException {
    return copy(TRAINED.computeIfAbsent(DENSE, stage -> train(stage, 400)), run);
  }

  /** One softmax layer after a few steps, which is often wrong. */
  public static Path poor(Path run) throws IOException {
    return copy(TRAINED.computeIfAbsent(SOFTMAX, stage -> train(stage, 50)), run);
  }

  /** A convolutional network. */
  public static Path convolutional(Path run) throws IOException {
    return copy(TRAINED.computeIfAbsent(CONVOLUTIONAL, stage -> train(stage, 60)), run);
  }

  private static Path train(Stage stage, int iterations) {
    try {
      Path folder = Files.createTempDirectory("mnist-trained");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
      Path run = folder.resolve("run");
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
      return run;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try {
      FileTree.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path copy(Path source, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(source.relativize(file).toString()));
      }
    }
    return target.resolve("model");
  }
}
