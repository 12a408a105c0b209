package mnist.view;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.Summary;

/**
 * A file that TensorBoard reads, while it grows and afterwards: one {@link Event} after the other.
 *
 * <p>Each is a record as in TFRecord files: the length of the event (int64), the masked CRC-32C of
 * these 8 bytes (int32), the event, and its masked CRC-32C (int32), all little-endian. The first
 * event names the version of the form.
 */
final class EventFile implements Closeable {
  private static final String VERSION = "brain.Event:2";
  private static final String NAME = "events.out.tfevents.";
  private static final int FRAME = Long.BYTES + 2 * Integer.BYTES;

  private final SeekableByteChannel channel;

  /**
   * Begins a file.
   *
   * @param channel an empty file, or one at its end, which is this object's to close
   * @throws IOException if it cannot be written; the channel is closed then
   */
  EventFile(SeekableByteChannel channel) throws IOException {
    this.channel = channel;
    if (channel.position() > 0) {
      return; // taken up again
    }
    try {
      add(Event.newBuilder().setFileVersion(VERSION));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Begins a file in a new folder. TensorBoard knows such a file by its name's beginning and orders
   * a folder's files by the seconds; what TensorFlow writes behind them, the machine's name, is no
   * concern of a run's reader.
   *
   * @param folder must not exist yet, and the folder above it must
   */
  static EventFile in(Path folder) throws IOException {
    Files.createDirectory(folder);
    String name = NAME + System.currentTimeMillis() / 1000 + ".mnist";
    return new EventFile(
        Files.newByteChannel(
            folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  /**
   * Takes up the file of a folder; what it says of later iterations, or a record that was cut, is
   * taken out.
   *
   * @param next the first iteration that is made again
   */
  static EventFile resume(Path folder, int next) throws IOException {
    Path file;
    try (Stream<Path> content = Files.list(folder)) {
      file =
          content
              .filter(path -> path.getFileName().toString().startsWith(NAME))
              .findFirst()
              .orElseThrow(() -> new IOException(folder + " holds no event file"));
    }
    SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.WRITE);
    channel.truncate(lengthBefore(next, Files.readAllBytes(file)));
    channel.position(channel.size());
    return new EventFile(channel);
  }

  private static long lengthBefore(int next, byte[] content) {
    ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    int good = 0;
    while (bytes.remaining() > FRAME) {
      long length = bytes.getLong();
      bytes.getInt(); // the length's checksum
      if (length < 0 || length > bytes.remaining() - Integer.BYTES) {
        break;
      }
      byte[] event = new byte[(int) length];
      bytes.get(event);
      try {
        if (bytes.getInt() != maskedCrc(event, event.length)
            || Event.parseFrom(event).getStep() >= next) {
          break;
        }
      } catch (InvalidProtocolBufferException e) {
        break;
      }
      good = bytes.position();
    }
    return good;
  }

  /**
   * Adds what was seen before the step of an iteration.
   *
   * @throws IOException if it cannot be written; the file then ends with the event before
   */
  void add(int iteration, Summary seen) throws IOException {
    add(Event.newBuilder().setStep(iteration).setSummary(seen));
  }

  private void add(Event.Builder event) throws IOException {
    ByteBuffer record =
        framed(event.setWallTime(System.currentTimeMillis() / 1000.0).build().toByteArray());
    long whole = channel.position();
    try {
      while (record.hasRemaining()) {
        channel.write(record);
      }
    } catch (IOException e) {
      channel.truncate(whole); // a full disk must not leave half a record
      throw e;
    }
  }

  private static ByteBuffer framed(byte[] event) {
    ByteBuffer record = ByteBuffer.allocate(FRAME + event.length).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(event.length);
    record.putInt(maskedCrc(record.array(), Long.BYTES));
    record.put(event);
    record.putInt(maskedCrc(event, event.length));
    return record.flip();
  }

  /** Masked, so that the checksum of bytes that hold checksums is not a trivial one. */
  private static int maskedCrc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
