package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.TestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs both programs on a cluster, which loses a worker in the middle of each. */
@DisabledOnOs(OS.WINDOWS) // where symbolic links require a privilege
class ClusterTest {
  @TempDir Path folder;

  @Test
  void recoversFromALostWorker() throws Exception {
    try (StandaloneCluster cluster =
        StandaloneCluster.in(Path.of("target", "spark", "cluster").toAbsolutePath())) {
      sweep(cluster);
      cluster.addWorker("c");
      score(cluster);
    }
  }

  private Process start(StandaloneCluster cluster, String main, List<String> args)
      throws IOException {
    return SparkProgram.start(folder, cluster.options(), main, args);
  }

  /** Waits for the end; returns the output. */
  private String end(Process process) throws Exception {
    try (BufferedReader reader = process.inputReader()) {
      String output = String.join("\n", reader.lines().toList());
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(folder.resolve("err.txt"))).isZero();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  private void await(Process process, Path parent, Predicate<Path> file) throws Exception {
    SparkProgram.await(process, folder, () -> contains(parent, file));
  }

  private static boolean contains(Path parent, Predicate<Path> file) {
    try (Stream<Path> files = Files.walk(parent)) {
      return files.anyMatch(file);
    } catch (IOException | java.io.UncheckedIOException e) {
      return false; // does not exist yet, or was deleted meanwhile
    }
  }

  private void sweep(StandaloneCluster cluster) throws Exception {
    Path data = FewDigits.writeTo(folder.resolve("data"));
    Path out = folder.resolve("sweep");
    Process process =
        start(
            cluster,
            "spark.Sweep",
            List.of(
                "--stage=2.1",
                "--grid=--seed 0..1",
                "--out=" + out,
                "--master=" + cluster.master(),
                "--",
                "--data=" + data,
                "--iterations=1500",
                "--checkpoint-seconds=1"));
    await(process, out, file -> file.getFileName().toString().startsWith("checkpoint-"));
    cluster.killWorker(0);

    assertThat(end(process)).contains("2 of 2: ");

    for (int seed = 0; seed < 2; seed++) {
      Path single =
          TrainedModel.run(
              folder.resolve("single-" + seed),
              "--data=" + data,
              "--iterations=1500",
              "--seed=" + seed);
      assertThat(out.resolve("2.1-seed-" + seed).resolve("metrics.jsonl"))
          .hasSameBinaryContentAs(single.resolve("metrics.jsonl"));
    }
  }

  private void score(StandaloneCluster cluster) throws Exception {
    Path data = Path.of(TestData.drawnDigits().source());
    Path digits = data.resolve("t10k-images-idx3-ubyte");
    Path model = TrainedModel.in(folder, data);
    int times = 6;
    Path out = folder.resolve("predictions");
    List<String> args = new ArrayList<>(List.of("--model=" + model, "--out=" + out, "--no-onednn"));
    args.addAll(List.of("--master=" + cluster.master(), "--"));
    args.addAll(Collections.nCopies(times, digits.toString()));
    Process process = start(cluster, "spark.Score", args);
    await(
        process,
        folder,
        file -> file.toString().contains("_temporary") && file.toString().endsWith(".parquet"));
    cluster.killWorker(1);
    assertThat(out).doesNotExist(); // it was interrupted

    assertThat(end(process)).contains("60,000 images in");

    Map<String, ScoredImage> predicted =
        ScoredImage.predict(folder, model, digits.toString()).images();
    Map<String, List<ScoredImage>> scored = ScoredImage.readParquet(out);
    assertThat(scored).hasSize(10_000);
    scored.forEach(
        (name, images) ->
            assertThat(images).hasSize(times).allMatch(image -> image.equals(predicted.get(name))));
  }
}
