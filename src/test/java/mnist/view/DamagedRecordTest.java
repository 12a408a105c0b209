package mnist.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mnist.SmallRun;
import mnist.TestData;
import mnist.data.DataSet;
import mnist.platform.Json;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecordFormat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Records that an accident has damaged, or that somebody has made: drawn as far as they are good.
 */
class DamagedRecordTest {
  private static Optional<DataSet> digits;
  private static byte[] good;

  @TempDir Path run;
  private int refused;
  private int drawn;

  @BeforeAll
  static void train(@TempDir Path temp) throws Exception {
    digits = Optional.of(TestData.drawnDigits());
    good = Files.readAllBytes(SmallRun.in(temp.resolve("run")).resolve(RunFolder.VIEW_RECORD));
  }

  /** Whatever the record holds, it is drawn, or refused in one line. */
  private void assertHandled(byte[] record, String damage) throws IOException {
    Files.write(run.resolve(RunFolder.VIEW_RECORD), record);
    try {
      Dashboard dashboard = Dashboard.of(run, ViewRecord.read(run), digits, 320, 180);
      dashboard.draw(dashboard.iterations().get(dashboard.iterations().size() - 1));
      drawn++;
    } catch (IOException e) {
      assertThat(e).as(damage).hasMessageContaining(run.toString());
      assertThat(e.getMessage()).as(damage).hasLineCount(1);
      refused++;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(damage, e);
    }
  }

  @Test
  void truncated() throws Exception {
    for (int length = 0; length < good.length; length += 1 + good.length / 150) {
      assertHandled(Arrays.copyOf(good, length), "first " + length + " bytes");
    }
    assertThat(refused).isPositive();
    assertThat(drawn).isGreaterThan(100);
  }

  @Test
  void changedWithoutItsChecksum() throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < 150; i++) {
      byte[] record = good.clone();
      int at = random.nextInt(record.length);
      record[at] ^= (byte) (1 + random.nextInt(255));
      assertHandled(record, "byte " + at);
    }
    assertThat(drawn).isPositive();
  }

  /** As whoever makes a record would. */
  @Test
  void changedWithItsChecksum() throws Exception {
    Random random = new Random(2);
    int[] extremes = {-1, 0, Integer.MIN_VALUE, Integer.MAX_VALUE, -1073741824, 0x7f7fffff};
    for (int start : HostileRecord.blocks(good)) {
      int end = Math.min(ViewRecordFormat.FIELDS_END + 12, HostileRecord.size(good, start));
      for (int offset = 0; offset < end; offset++) {
        byte[] record = good.clone();
        int at = start + ViewRecordFormat.BLOCK_HEAD + offset;
        int value = extremes[random.nextInt(extremes.length)];
        HostileRecord.littleEndian(record).putInt(at, value);
        assertHandled(HostileRecord.sealed(record, start), "%d at byte %d".formatted(value, at));
      }
    }
    assertThat(refused).isPositive();
    assertThat(drawn).isPositive();
  }

  @Test
  void aHeaderThatNoRunWrites() throws Exception {
    ObjectNode header = HostileRecord.header(good);
    List<String> values =
        List.of("null", "-1", "0", "2147483647", "1e300", "\"\"", "\"x\"", "[]", "[null]", "{}");
    List<String> fields = new ArrayList<>();
    header.fieldNames().forEachRemaining(fields::add);
    for (String field : fields) {
      for (String value : values) {
        ObjectNode changed = header.deepCopy();
        changed.set(field, Json.MAPPER.readTree(value));
        assertHandled(HostileRecord.withHeader(good, changed), field + " is " + value);
      }
    }
    for (String field : List.of("rows", "columns", "pictures", "neurons", "node")) {
      for (String value : values) {
        ObjectNode changed = header.deepCopy();
        ((ObjectNode) changed.get("first_layer")).set(field, Json.MAPPER.readTree(value));
        assertHandled(
            HostileRecord.withHeader(good, changed), "first_layer's " + field + " is " + value);
      }
    }
    assertThat(refused).isGreaterThan(100);
  }
}
