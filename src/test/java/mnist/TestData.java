package mnist;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataListener;
import mnist.data.DataSet;
import mnist.data.DataSets;
import mnist.data.DataSource;

/** Drawn digits for the tests, kept in the build folder. */
public final class TestData {
  /** Hears nothing. */
  public static final DataListener SILENT =
      new DataListener() {
        @Override
        public void notice(String text) {}

        @Override
        public void downloading(String file, long bytes, long total) {}
      };

  private TestData() {}

  /** 60,000 + 10,000 drawn digits; {@link DataSet#source()} is the folder that holds them. */
  public static DataSet drawnDigits() throws IOException {
    return new DataSets(Path.of("target", "test-data").toAbsolutePath(), Map.of(), SILENT)
        .open(DataSource.SYNTHETIC, Optional.empty());
  }
}
