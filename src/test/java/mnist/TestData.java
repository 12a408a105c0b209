package mnist;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.data.sources.DataListener;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.platform.ProjectFolder;

/** The data sets of the tests. */
public final class TestData {
  /** Ignores everything. */
  public static final DataListener SILENT =
      new DataListener() {
        @Override
        public void notice(String text) {}

        @Override
        public void downloading(String file, long bytes, long total) {}
      };

  private TestData() {}

  /** The data set in a folder. */
  public static DataSet in(Path folder) throws IOException {
    return DataSets.ofThisProject(SILENT).open(DataSource.AUTO, Optional.of(folder));
  }

  /**
   * MNIST from {@code MNIST_DATA} or the project's data folder; if neither has it, the calling test
   * is skipped with a message.
   */
  public static DataSet mnist() throws IOException {
    Path folder =
        Optional.ofNullable(System.getenv("MNIST_DATA"))
            .map(Path::of)
            .orElse(ProjectFolder.path().resolve("data"));
    try (Stream<Path> files = Files.list(folder)) {
      assumeTrue(
          files.anyMatch(file -> file.getFileName().toString().startsWith("train-images")),
          "MNIST is not in " + folder + "; make run fetches it");
    }
    return DataSets.ofThisProject(SILENT).open(DataSource.MNIST, Optional.of(folder));
  }

  /** 60,000 + 10,000 synthetic digits, stored in the build folder {@link DataSet#source()}. */
  public static DataSet drawnDigits() throws IOException {
    return new DataSets(Path.of("target", "test-data").toAbsolutePath(), Map.of(), SILENT)
        .open(DataSource.SYNTHETIC, Optional.empty());
  }
}
