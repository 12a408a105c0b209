package mnist.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import mnist.platform.Json;
import mnist.runs.ViewRecordFormat;

/** View records with correct checksums and a content that no run writes. */
public final class HostileRecord {
  private static final int FIRST = ViewRecordFormat.MAGIC.length();
  private static final int BODY = FIRST + ViewRecordFormat.BLOCK_HEAD;

  private HostileRecord() {}

  /** Replaces all class names of a record. */
  public static void withTexts(Path file, String text) throws IOException {
    byte[] record = Files.readAllBytes(file);
    ObjectNode header = header(record);
    ArrayNode names = header.putArray("class_names");
    for (int i = 0; i < 10; i++) {
      names.add(text);
    }
    Files.write(file, withHeader(record, header));
  }

  static ByteBuffer littleEndian(byte[] record) {
    return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The size of the body of the block that starts there. */
  static int size(byte[] record, int start) {
    return littleEndian(record).getInt(start);
  }

  /** Where the blocks start. */
  static List<Integer> blocks(byte[] record) {
    List<Integer> starts = new ArrayList<>();
    for (int start = FIRST;
        start < record.length;
        start += ViewRecordFormat.BLOCK_HEAD + size(record, start)) {
      starts.add(start);
    }
    return starts;
  }

  /** The record with the checksum of the block that starts there. */
  static byte[] sealed(byte[] record, int start) {
    CRC32 crc = new CRC32();
    crc.update(record, start + ViewRecordFormat.BLOCK_HEAD, size(record, start));
    littleEndian(record).putInt(start + Integer.BYTES, (int) crc.getValue());
    return record;
  }

  static ObjectNode header(byte[] record) throws IOException {
    return (ObjectNode) Json.MAPPER.readTree(record, BODY + 1, size(record, FIRST) - 1);
  }

  /** The record with another header. */
  static byte[] withHeader(byte[] record, JsonNode header) throws IOException {
    byte[] json = Json.MAPPER.writeValueAsBytes(header);
    int rest = BODY + size(record, FIRST);
    byte[] changed = new byte[BODY + 1 + json.length + record.length - rest];
    littleEndian(changed)
        .put(record, 0, FIRST)
        .putInt(1 + json.length)
        .putInt(0)
        .put(ViewRecordFormat.HEADER)
        .put(json)
        .put(record, rest, record.length - rest);
    return sealed(changed, FIRST);
  }
}
