package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import mnist.data.LabeledImages;
import mnist.data.Split;
import mnist.platform.Json;
import mnist.runs.ViewRecord.BatchSnapshot;
import mnist.runs.ViewRecord.TestSnapshot;
import mnist.training.Measurement;

/**
 * The binary format of {@code view.record}, described, written and read here; the page reads it by
 * {@link #layout()}.
 *
 * <p>The file is {@code MNISTVW1} followed by blocks; numbers are little-endian. A block is the
 * size of its body (int32), the CRC-32 of its body (int32) and the body, whose first byte is its
 * kind. Blocks are only ever appended, so a truncated file is good up to its last complete block.
 *
 * <ul>
 *   <li>0, the header: {@link RecordHeader} as JSON with keys in snake case, bytes in Base64.
 *   <li>1, a training batch: iteration, epoch (int32); accuracy, loss, learning rate, seconds since
 *       the start (float32); the number of images (int32); the index of each in the training set
 *       (int32); for each a byte with its label in the low and its predicted class in the high 4
 *       bits; then group after group 8 quantiles (float32) of all its layers together and of each
 *       layer.
 *   <li>2, the test set: iteration … seconds as above; the predicted classes, two to a byte, the
 *       first in the low bits; the largest absolute weight of the first layer (float32); the
 *       weights of the first layer as images, a signed byte per pixel, 127 standing for that
 *       largest weight.
 * </ul>
 */
public final class ViewRecordFormat {
  /** The number of quantiles; the first and the last are the smallest and the largest value. */
  public static final int QUANTILES = 8;

  public static final byte HEADER = 0;
  static final byte BATCH = 1;
  static final byte TEST = 2;

  public static final String MAGIC = "MNISTVW1";

  /** Bytes of size and checksum. */
  public static final int BLOCK_HEAD = 8;

  /** The fields of 4 bytes that follow the kind in a batch's and a test set's body. */
  private static final List<String> FIELDS =
      List.of("iteration", "epoch", "accuracy", "loss", "learning_rate", "seconds");

  /** Where these fields end in a body. */
  public static final int FIELDS_END = 1 + Integer.BYTES * FIELDS.size();

  private ViewRecordFormat() {}

  /** The constants that another reader of the format needs; offsets count from a body's start. */
  public static Map<String, Object> layout() {
    Map<String, Integer> offsets = new LinkedHashMap<>();
    FIELDS.forEach(field -> offsets.put(field, 1 + Integer.BYTES * offsets.size()));
    return Map.of(
        "magic", MAGIC,
        "block_head", BLOCK_HEAD,
        "kinds", Map.of("header", HEADER, "batch", BATCH, "test", TEST),
        "offsets", offsets,
        "fields_end", FIELDS_END,
        "quantiles", QUANTILES);
  }

  // ---- Writing

  /** The start of a file: the magic number and the header's block. */
  static ByteBuffer encode(RecordHeader header) throws IOException {
    byte[] json = Json.MAPPER.writeValueAsBytes(header);
    ByteBuffer block = block(1 + json.length).put(HEADER).put(json);
    return allocate(MAGIC.length() + block.capacity())
        .put(MAGIC.getBytes(UTF_8))
        .put(seal(block))
        .flip();
  }

  static ByteBuffer encode(BatchSnapshot batch) {
    int count = batch.images().length;
    int rows = Stream.of(batch.quantiles()).mapToInt(group -> group.length).sum();
    int size = Integer.BYTES + (Integer.BYTES + 1) * count + Float.BYTES * QUANTILES * rows;
    ByteBuffer block = block(FIELDS_END + size).put(BATCH);
    putFields(block, batch.measurement(), batch.seconds()).putInt(count);
    for (int image : batch.images()) {
      block.putInt(image);
    }
    for (int i = 0; i < count; i++) {
      block.put((byte) (batch.labels()[i] | batch.predictions()[i] << 4));
    }
    for (float[][] group : batch.quantiles()) {
      for (float[] row : group) {
        for (float quantile : row) {
          block.putFloat(quantile);
        }
      }
    }
    return seal(block);
  }

  static ByteBuffer encode(TestSnapshot test) {
    byte[] predictions = pack(test.predictions());
    int size = predictions.length + Float.BYTES + test.firstLayer().length;
    ByteBuffer block = block(FIELDS_END + size).put(TEST);
    putFields(block, test.measurement(), test.seconds()).put(predictions);
    return seal(block.putFloat(test.largestWeight()).put(test.firstLayer()));
  }

  private static ByteBuffer putFields(ByteBuffer block, Measurement m, float seconds) {
    block.putInt(m.iteration()).putInt(m.epoch());
    block.putFloat(m.accuracy()).putFloat(m.loss()).putFloat(m.learningRate());
    return block.putFloat(seconds);
  }

  private static ByteBuffer allocate(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer block(int bodySize) {
    return allocate(BLOCK_HEAD + bodySize).position(BLOCK_HEAD);
  }

  /** Writes size and checksum in front of a complete body. */
  private static ByteBuffer seal(ByteBuffer block) {
    ByteBuffer body = block.slice(BLOCK_HEAD, block.limit() - BLOCK_HEAD);
    return block.putInt(0, body.remaining()).putInt(4, crc(body)).rewind();
  }

  private static int crc(ByteBuffer body) {
    CRC32 crc = new CRC32();
    crc.update(body.duplicate());
    return (int) crc.getValue();
  }

  // ---- Reading

  /** A file's bytes from its first block on. */
  static ByteBuffer open(Path file) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap(RunFile.read(file, RunFolder.MAX_VIEW_RECORD_BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[Math.min(MAGIC.length(), bytes.remaining())];
    bytes.get(magic);
    if (!new String(magic, UTF_8).equals(MAGIC)) {
      throw new RunException(file + " is not a view record: it does not begin with " + MAGIC);
    }
    return bytes;
  }

  /** Moves past the next block and returns its body; empty, and stays, if it is not complete. */
  static Optional<ByteBuffer> nextBody(ByteBuffer bytes) {
    int start = bytes.position() + BLOCK_HEAD;
    int size = bytes.remaining() < BLOCK_HEAD ? 0 : bytes.getInt(bytes.position());
    if (size < 1 || size > bytes.limit() - start) {
      return Optional.empty();
    }
    ByteBuffer body = bytes.slice(start, size).order(ByteOrder.LITTLE_ENDIAN);
    if (crc(body) != bytes.getInt(start - Integer.BYTES)) {
      return Optional.empty();
    }
    bytes.position(start + size);
    return Optional.of(body);
  }

  /** The iteration of a batch's or a test set's body. */
  static int iteration(ByteBuffer body) {
    return body.getInt(1);
  }

  /**
   * Decodes the body of a batch, after its kind.
   *
   * @throws RunException if no run of this header writes it
   */
  static BatchSnapshot decodeBatch(ByteBuffer body, RecordHeader header) throws RunException {
    require(body.limit() >= FIELDS_END + Integer.BYTES);
    Measurement measurement = measurement(body, Split.TRAIN, header);
    float seconds = body.getFloat();
    int count = body.getInt();
    long rows = header.groups().stream().mapToLong(group -> 1 + group.nodes().size()).sum();
    long size = (Integer.BYTES + 1L) * count + Float.BYTES * QUANTILES * rows;
    require(count >= 0 && size == body.remaining());
    int[] images = new int[count];
    for (int i = 0; i < images.length; i++) {
      images[i] = body.getInt();
      require(images[i] >= 0);
    }
    byte[] labels = new byte[images.length];
    byte[] predictions = new byte[images.length];
    for (int i = 0; i < images.length; i++) {
      byte both = body.get();
      labels[i] = (byte) (both & 15);
      predictions[i] = (byte) (both >> 4 & 15);
    }
    require(areClasses(labels) && areClasses(predictions));
    float[][][] quantiles = new float[header.groups().size()][][];
    for (int group = 0; group < quantiles.length; group++) {
      int layers = header.groups().get(group).nodes().size();
      quantiles[group] = new float[1 + layers][QUANTILES];
      for (float[] row : quantiles[group]) {
        for (int i = 0; i < QUANTILES; i++) {
          row[i] = body.getFloat();
        }
      }
    }
    return new BatchSnapshot(measurement, seconds, images, labels, predictions, quantiles);
  }

  /**
   * Decodes the body of a test set, after its kind.
   *
   * @throws RunException if no run of this header writes it
   */
  static TestSnapshot decodeTest(ByteBuffer body, RecordHeader header) throws RunException {
    int packedSize = header.testLabels().length;
    require(body.limit() == FIELDS_END + packedSize + Float.BYTES + header.firstLayer().pixels());
    Measurement measurement = measurement(body, Split.TEST, header);
    float seconds = body.getFloat();
    byte[] packed = new byte[packedSize];
    body.get(packed);
    byte[] predictions = unpack(packed, header.testImages());
    require(areClasses(predictions));
    float largest = body.getFloat();
    byte[] firstLayer = new byte[body.remaining()];
    body.get(firstLayer);
    return new TestSnapshot(measurement, seconds, predictions, largest, firstLayer);
  }

  private static Measurement measurement(ByteBuffer body, Split split, RecordHeader header)
      throws RunException {
    int iteration = body.getInt();
    // One more than the last, for the measurement of the weights that the training ended with.
    require(iteration >= 0 && iteration <= header.iterations() + 1L);
    int epoch = body.getInt();
    float accuracy = body.getFloat();
    require(accuracy >= 0 && accuracy <= 1);
    return new Measurement(iteration, epoch, split, accuracy, body.getFloat(), body.getFloat());
  }

  private static void require(boolean condition) throws RunException {
    if (!condition) {
      throw new RunException("the block is damaged");
    }
  }

  // ---- Classes, two to a byte

  /** Packs classes 0..9 two to a byte, the first in the low bits. */
  public static byte[] pack(byte[] classes) {
    byte[] packed = new byte[(classes.length + 1) / 2];
    for (int i = 0; i < classes.length; i++) {
      packed[i / 2] |= (byte) (classes[i] << 4 * (i % 2));
    }
    return packed;
  }

  /** Whether all are classes, 0..9. */
  static boolean areClasses(byte[] classes) {
    for (byte c : classes) {
      if (c < 0 || c >= LabeledImages.CLASSES) {
        return false;
      }
    }
    return true;
  }

  static byte[] unpack(byte[] packed, int count) {
    byte[] classes = new byte[count];
    for (int i = 0; i < count; i++) {
      classes[i] = (byte) (packed[i / 2] >> 4 * (i % 2) & 15);
    }
    return classes;
  }
}
