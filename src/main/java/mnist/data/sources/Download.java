package mnist.data.sources;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import mnist.data.DataException;
import mnist.platform.AtomicFile;
import mnist.platform.ErrorMessages;

/**
 * Downloads a file from the first mirror that has it. A file is moved to its place only after its
 * SHA-256 has been verified, so there are no incomplete or wrong files.
 *
 * @param readTimeout for a connection, and for the next bytes
 * @param totalTimeout for a whole file
 */
record Download(Duration readTimeout, Duration totalTimeout, DataListener listener) {
  /** Larger than any published file; protects against a server that never stops sending. */
  private static final long MAX_BYTES = 64_000_000;

  Download(DataListener listener) {
    this(Duration.ofSeconds(20), Duration.ofMinutes(10), listener);
  }

  /**
   * Downloads {@code <file>.gz} into a folder.
   *
   * @throws DataException if no mirror has it, with the reason for each, or the folder cannot be
   *     written to
   */
  void fetch(PublishedSet set, String file, Path folder) throws DataException {
    List<String> reasons = new ArrayList<>();
    try (AtomicFile draft = AtomicFile.of(folder.resolve(file + ".gz"))) {
      Files.createFile(draft.path()); // fails before any server is contacted
      for (URI mirror : set.mirrors()) {
        URI source = mirror.resolve(file + ".gz");
        try {
          receiveWithTimeout(source, draft.path());
          verify(draft.path(), set, file);
        } catch (IOException e) {
          reasons.add(source + ": " + reason(e));
          continue;
        }
        draft.replace();
        return;
      }
    } catch (IOException e) {
      reasons.add(
          "%s is not a writable folder (%s)".formatted(folder, ErrorMessages.withoutFile(e)));
    }
    throw new DataException(
        "%s could not be downloaded: %s. Put the four files of %s into a folder and specify it with --data or %s"
            .formatted(file, String.join("; ", reasons), set.title(), set.folderVariable()));
  }

  /** Receives in another thread, since a connection has no timeout for its whole content. */
  private void receiveWithTimeout(URI source, Path to) throws IOException {
    // Closing the file also stops a thread that has timed out.
    try (OutputStream out = Files.newOutputStream(to)) {
      FutureTask<Long> receiving = new FutureTask<>(() -> receive(source, out));
      Thread thread = new Thread(receiving, "download");
      thread.setDaemon(true);
      thread.start();
      receiving.get(totalTimeout.toMillis(), MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("not complete within " + text(totalTimeout), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Returns the number of bytes received. */
  private long receive(URI source, OutputStream out) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) source.toURL().openConnection();
    connection.setConnectTimeout((int) readTimeout.toMillis());
    connection.setReadTimeout((int) readTimeout.toMillis());
    try {
      if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
        throw new IOException("responded with status " + connection.getResponseCode());
      }
      long total = Math.max(0, connection.getContentLengthLong());
      String file = Path.of(source.getPath()).getFileName().toString();
      try (InputStream in = connection.getInputStream()) {
        byte[] buffer = new byte[1 << 16];
        long received = 0;
        for (int n = in.read(buffer); n != -1; n = in.read(buffer)) {
          out.write(buffer, 0, n);
          received += n;
          if (received > MAX_BYTES) {
            throw new IOException("sent more than " + MAX_BYTES + " bytes");
          }
          listener.downloading(file, received, total);
        }
        if (received < total) { // newer JDKs have thrown by now
          throw new IOException(
              "connection closed after %d of %d bytes".formatted(received, total));
        }
        return received;
      }
    } finally {
      connection.disconnect();
    }
  }

  private static void verify(Path received, PublishedSet set, String file) throws IOException {
    // Parsing it also detects a gzip file that is corrupt or truncated.
    IdxFile found =
        file.contains("images") ? IdxFile.readImages(received) : IdxFile.readLabels(received);
    if (!found.sha256().equals(set.sha256(file))) {
      throw new IOException("sent a different file (SHA-256 " + found.sha256() + ")");
    }
  }

  private String reason(IOException e) {
    if (e instanceof UnknownHostException) {
      return "host not found";
    }
    if (e instanceof SocketTimeoutException) {
      return "no response within " + text(readTimeout);
    }
    if (e instanceof DataException) {
      return "sent something that is not the file";
    }
    return ErrorMessages.summarize(e);
  }

  private static String text(Duration time) {
    return time.toMinutes() > 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
  }
}
