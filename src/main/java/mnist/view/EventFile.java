package mnist.view;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.Summary;

/**
 * An event file, which TensorBoard reads even while it is being written.
 *
 * <p>It is a TFRecord file: for each {@link Event} its length (int64), the masked CRC-32C of these
 * 8 bytes (int32), the event and its masked CRC-32C (int32), all little-endian. The first event
 * gives the version of the format.
 */
final class EventFile implements Closeable {
  private static final String VERSION = "brain.Event:2";
  private static final String PREFIX = "events.out.tfevents.";
  private static final int FRAME = Long.BYTES + 2 * Integer.BYTES;

  private final SeekableByteChannel channel;

  /**
   * Writes to a channel.
   *
   * @param channel empty, or at the end of an event file; closed with this object
   * @throws IOException if it cannot be written; the channel is closed then
   */
  EventFile(SeekableByteChannel channel) throws IOException {
    this.channel = channel;
    if (channel.position() > 0) {
      return; // resumed
    }
    try {
      add(Event.newBuilder().setFileVersion(VERSION));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Creates a file in a new folder, or continues the one in an existing folder after removing later
   * events and an incomplete one. TensorBoard recognizes a file by the name's prefix and orders
   * files by the seconds; the host name that TensorFlow appends is left out, as it would be
   * published with the run.
   *
   * @param folder its parent must exist
   * @param next the iteration at which the training starts or resumes
   */
  static EventFile open(Path folder, int next) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(folder);
      String name = PREFIX + System.currentTimeMillis() / 1000 + ".mnist";
      return new EventFile(
          Files.newByteChannel(
              folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }
    Path file;
    try (Stream<Path> content = Files.list(folder)) {
      file =
          content
              .filter(path -> path.getFileName().toString().startsWith(PREFIX))
              .findFirst()
              .orElseThrow(() -> new IOException(folder + " contains no event file"));
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(file + " is not a regular file");
    }
    SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.WRITE);
    channel.truncate(lengthBefore(next, Files.readAllBytes(file)));
    channel.position(channel.size());
    return new EventFile(channel);
  }

  private static long lengthBefore(int next, byte[] content) {
    ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    int end = 0;
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
      end = bytes.position();
    }
    return end;
  }

  /**
   * Appends an event.
   *
   * @throws IOException if it cannot be written; the file then ends with the previous event
   */
  void add(int iteration, Summary summary) throws IOException {
    add(Event.newBuilder().setStep(iteration).setSummary(summary));
  }

  private void add(Event.Builder builder) throws IOException {
    byte[] event = builder.setWallTime(System.currentTimeMillis() / 1000.0).build().toByteArray();
    ByteBuffer record = ByteBuffer.allocate(FRAME + event.length).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(event.length);
    record.putInt(maskedCrc(record.array(), Long.BYTES));
    record.put(event);
    record.putInt(maskedCrc(event, event.length));
    long end = channel.position();
    try {
      Channels.newOutputStream(channel).write(record.array());
    } catch (IOException e) {
      channel.truncate(end); // a full disk must not leave half a record
      throw e;
    }
  }

  /** TFRecord masks checksums, since the CRC of data that contains CRCs is weak. */
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
