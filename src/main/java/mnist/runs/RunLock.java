package mnist.runs;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps a folder that is trained in for one process. It ends with the process, however that ends.
 */
public final class RunLock implements AutoCloseable {
  private final FileChannel channel;

  private RunLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes it.
   *
   * @throws IOException if another process has it
   */
  public static RunLock of(Path run) throws IOException {
    FileChannel channel =
        FileChannel.open(run.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null; // this very process
    }
    if (lock == null) {
      channel.close();
      throw new IOException(run + " is in use: another process is training there");
    }
    return new RunLock(channel);
  }

  @Override
  public void close() throws IOException {
    channel.close(); // the file stays: to remove it could take it from another process
  }
}
