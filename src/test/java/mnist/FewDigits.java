package mnist;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The first 1,000 + 500 synthetic digits, for tests that need a small data set quickly. */
public final class FewDigits {
  private static final Map<String, Integer> COUNTS = Map.of("train", 1000, "t10k", 500);

  private FewDigits() {}

  /** Writes the four IDX files into a new folder. */
  public static Path writeTo(Path folder) throws IOException {
    Path all = Path.of(TestData.drawnDigits().source());
    Files.createDirectories(folder);
    for (Map.Entry<String, Integer> set : COUNTS.entrySet()) {
      copy(all, folder, set.getKey() + "-images-idx3-ubyte", 16, set.getValue(), 28 * 28);
      copy(all, folder, set.getKey() + "-labels-idx1-ubyte", 8, set.getValue(), 1);
    }
    return folder;
  }

  private static void copy(Path from, Path to, String file, int header, int count, int size)
      throws IOException {
    try (InputStream in = Files.newInputStream(from.resolve(file));
        OutputStream out = Files.newOutputStream(to.resolve(file))) {
      byte[] start = in.readNBytes(header);
      ByteBuffer.wrap(start).putInt(4, count);
      out.write(start);
      out.write(in.readNBytes(count * size));
    }
  }
}
