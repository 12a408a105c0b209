package mnist.runs;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import mnist.platform.AtomicFile;
import mnist.runs.ViewRecord.BatchSnapshot;
import mnist.runs.ViewRecord.TestSnapshot;

/** Appends to the {@link ViewRecord} of a run in progress. */
public final class ViewRecordWriter implements Closeable {
  private final FileChannel channel;

  /**
   * Starts a record or, in a resumed run, drops from the existing one what will be repeated.
   *
   * @param next the iteration at which the training resumes, 0 for a new run
   * @throws IOException if a resumed run has no record, or it cannot be written
   */
  public ViewRecordWriter(RunFolder run, RecordHeader header, int next) throws IOException {
    Path file = run.viewRecord();
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(ViewRecordFormat.encode(header).array());
    if (next > 0) {
      content.writeBytes(blocksBefore(file, next));
    }
    AtomicFile.write(file, content.toByteArray());
    channel = FileChannel.open(file, StandardOpenOption.APPEND);
  }

  private static byte[] blocksBefore(Path file, int next) throws IOException {
    ByteBuffer bytes = ViewRecordFormat.open(file);
    ViewRecordFormat.nextBody(bytes); // the header
    int start = bytes.position();
    int end = start;
    for (Optional<ByteBuffer> body = ViewRecordFormat.nextBody(bytes);
        body.isPresent() && ViewRecordFormat.iteration(body.get()) < next;
        body = ViewRecordFormat.nextBody(bytes)) {
      end = bytes.position();
    }
    return Arrays.copyOfRange(bytes.array(), start, end);
  }

  public void append(BatchSnapshot batch) throws IOException {
    append(ViewRecordFormat.encode(batch));
  }

  public void append(TestSnapshot test) throws IOException {
    append(ViewRecordFormat.encode(test));
  }

  /** Writes the complete block; if the disk is full, removes what was written of it. */
  private void append(ByteBuffer block) throws IOException {
    long end = channel.size();
    try {
      Channels.newOutputStream(channel).write(block.array());
    } catch (IOException e) {
      channel.truncate(end);
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
