package mnist.runs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import mnist.data.Split;
import mnist.platform.Json;
import mnist.training.Measurement;

/**
 * What a run looked like, as its folder keeps it in {@code view.record}.
 *
 * <p>The file is {@code MNISTVW1} and then blocks; numbers are little-endian. A block is the size
 * of its body (int32), the CRC-32 of its body (int32), and the body, whose first byte says what
 * follows. It is only ever added to, so a file that was cut is good up to its last whole block.
 *
 * <ul>
 *   <li>0, the header: {@link RecordHeader} as JSON, names in snake case, {@code test_labels} in
 *       Base64.
 *   <li>1, a batch: iteration, epoch (int32); accuracy, loss, learning rate, seconds since the
 *       start (float32); the number of images (int32), of each its number in the training set
 *       (int32), then of each a byte with the right class in the low and the predicted one in the
 *       high 4 bits; then 8 float32 for all layers of a group together and for each of its layers,
 *       group after group: the boundaries of 7 equal shares of the sorted values.
 *   <li>2, the test set: iteration … seconds as above; the predicted classes, two to a byte, the
 *       first one in the low bits; the largest absolute weight (float32) and the first layer's
 *       pictures, row after row, picture after picture, a signed byte a pixel, 127 standing for
 *       that largest weight.
 * </ul>
 *
 * @param header what is the same at every moment
 * @param batches what was seen of batches, in order
 * @param tests what was seen of the test set, in order
 * @param damage what is wrong with the file from some byte on, if anything is
 */
public record ViewRecord(
    RecordHeader header, List<BatchSeen> batches, List<TestSeen> tests, Optional<String> damage) {
  public static final String FILE = RunFolder.VIEW_RECORD;
  public static final String MAGIC = "MNISTVW1";
  public static final int BLOCK_HEAD = 8;

  /** Quantiles of a group of tensors, the smallest and the largest value included. */
  public static final int QUANTILES = 8;

  public static final byte HEADER = 0;
  public static final byte TRAIN = 1;
  public static final byte TEST = 2;

  /**
   * A batch as it was measured.
   *
   * @param seconds since the start of the training
   * @param images where each image stands in the training set
   * @param right the right class of each
   * @param predicted what the network said
   * @param spreads spreads[group][0] of all its layers, spreads[group][1 …] of each: 8 boundaries
   */
  public record BatchSeen(
      Measurement measurement,
      float seconds,
      int[] images,
      byte[] right,
      byte[] predicted,
      float[][][] spreads) {}

  /**
   * The test set as it was measured.
   *
   * @param seconds since the start of the training
   * @param predicted what the network said of each test image
   * @param largestWeight what 127 stands for in the pictures
   * @param firstLayer the pictures of the first layer's weights, one after the other, row-major
   */
  public record TestSeen(
      Measurement measurement,
      float seconds,
      byte[] predicted,
      float largestWeight,
      byte[] firstLayer) {}

  /**
   * Reads a run's record up to its last whole block.
   *
   * @param run the run's folder
   * @throws IOException if there is none, or what is there is none
   */
  public static ViewRecord read(Path run) throws IOException {
    Path file = run.resolve(FILE);
    ByteBuffer bytes;
    try {
      bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    } catch (NoSuchFileException e) {
      throw new IOException(
          run + " has no " + FILE + ": the run was made without --view or --record-view", e);
    }
    byte[] magic = new byte[Math.min(MAGIC.length(), bytes.remaining())];
    bytes.get(magic);
    if (!new String(magic, UTF_8).equals(MAGIC)) {
      throw new IOException(file + " is no record of this form; it begins with other bytes");
    }
    Optional<ByteBuffer> first = nextBody(bytes);
    if (first.isEmpty() || first.get().get() != HEADER) {
      throw new IOException(file + " ends before its first whole block; the run has just begun");
    }
    RecordHeader header;
    try {
      byte[] json = new byte[first.get().remaining()];
      first.get().get(json);
      header = Json.MAPPER.readValue(json, RecordHeader.class);
    } catch (JacksonException e) {
      throw new IOException(file + " has a damaged header", e);
    }
    List<BatchSeen> batches = new ArrayList<>();
    List<TestSeen> tests = new ArrayList<>();
    int good = bytes.position();
    for (Optional<ByteBuffer> next = nextBody(bytes); next.isPresent(); next = nextBody(bytes)) {
      ByteBuffer body = next.get();
      switch (body.get()) {
        case TRAIN -> batches.add(batch(body, header));
        case TEST -> tests.add(test(body, header));
        default -> {} // of a later version
      }
      good = bytes.position();
    }
    Optional<String> damage =
        good == bytes.limit()
            ? Optional.empty()
            : Optional.of(
                "%s is cut short or damaged from byte %d on; shown as far as it is good"
                    .formatted(file, good));
    return new ViewRecord(header, batches, tests, damage);
  }

  /** The next block's body; empty, and no further, where no whole good block follows. */
  private static Optional<ByteBuffer> nextBody(ByteBuffer bytes) {
    if (bytes.remaining() < BLOCK_HEAD) {
      return Optional.empty();
    }
    int start = bytes.position();
    int size = bytes.getInt(start);
    if (size < 1 || size > bytes.remaining() - BLOCK_HEAD) {
      return Optional.empty();
    }
    ByteBuffer body = bytes.slice(start + BLOCK_HEAD, size).order(ByteOrder.LITTLE_ENDIAN);
    if (crc(body) != bytes.getInt(start + 4)) {
      return Optional.empty();
    }
    bytes.position(start + BLOCK_HEAD + size);
    return Optional.of(body);
  }

  /**
   * The blocks of a record between its header and an iteration.
   *
   * @param next the first iteration that is left out
   */
  public static ByteBuffer blocksBefore(Path file, int next) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(Math.min(MAGIC.length(), bytes.limit()));
    nextBody(bytes); // the header
    int from = bytes.position();
    int to = from;
    for (Optional<ByteBuffer> body = nextBody(bytes);
        body.isPresent() && body.get().getInt(1) < next;
        body = nextBody(bytes)) {
      to = bytes.position();
    }
    return bytes.slice(from, to - from);
  }

  private static int crc(ByteBuffer body) {
    CRC32 crc = new CRC32();
    crc.update(body.duplicate());
    return (int) crc.getValue();
  }

  /** Puts size and checksum before a block's body. */
  public static void putHead(ByteBuffer block) {
    ByteBuffer body = block.slice(BLOCK_HEAD, block.limit() - BLOCK_HEAD);
    block.putInt(0, body.remaining()).putInt(4, crc(body));
  }

  private static BatchSeen batch(ByteBuffer body, RecordHeader header) {
    int iteration = body.getInt();
    Measurement measurement = measurement(body, iteration, Split.TRAIN);
    float seconds = body.getFloat();
    int[] images = new int[body.getInt()];
    for (int i = 0; i < images.length; i++) {
      images[i] = body.getInt();
    }
    byte[] right = new byte[images.length];
    byte[] predicted = new byte[images.length];
    for (int i = 0; i < images.length; i++) {
      byte both = body.get();
      right[i] = (byte) (both & 15);
      predicted[i] = (byte) (both >> 4 & 15);
    }
    float[][][] spreads = new float[header.groups().size()][][];
    for (int group = 0; group < spreads.length; group++) {
      int layers = header.groups().get(group).nodes().size();
      spreads[group] = new float[1 + layers][QUANTILES];
      for (float[] spread : spreads[group]) {
        body.asFloatBuffer().get(spread);
        body.position(body.position() + Float.BYTES * spread.length);
      }
    }
    return new BatchSeen(measurement, seconds, images, right, predicted, spreads);
  }

  private static TestSeen test(ByteBuffer body, RecordHeader header) {
    int iteration = body.getInt();
    Measurement measurement = measurement(body, iteration, Split.TEST);
    float seconds = body.getFloat();
    byte[] packed = new byte[(header.testImages() + 1) / 2];
    body.get(packed);
    float largest = body.getFloat();
    byte[] firstLayer = new byte[body.remaining()];
    body.get(firstLayer);
    return new TestSeen(
        measurement, seconds, unpacked(packed, header.testImages()), largest, firstLayer);
  }

  private static Measurement measurement(ByteBuffer body, int iteration, Split split) {
    return new Measurement(
        iteration, body.getInt(), split, body.getFloat(), body.getFloat(), body.getFloat());
  }

  // ---- Classes, two to a byte

  public static byte[] packed(byte[] classes) {
    byte[] packed = new byte[(classes.length + 1) / 2];
    for (int i = 0; i < classes.length; i++) {
      packed[i / 2] |= (byte) (classes[i] << 4 * (i % 2));
    }
    return packed;
  }

  public static byte[] packed(int[] classes) {
    byte[] bytes = new byte[classes.length];
    for (int i = 0; i < classes.length; i++) {
      bytes[i] = (byte) classes[i];
    }
    return packed(bytes);
  }

  public static byte[] unpacked(byte[] packed, int count) {
    byte[] classes = new byte[count];
    for (int i = 0; i < count; i++) {
      classes[i] = (byte) (packed[i / 2] >> 4 * (i % 2) & 15);
    }
    return classes;
  }
}
