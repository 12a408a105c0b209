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
 * Fetches a published file from the first mirror that has it as it should be. A file gets its name
 * only when its content has the right SHA-256, so there is never a bad or half file.
 */
final class Download {
  /** More than any published file has; a server that sends on and on is left. */
  private static final long MOST_BYTES = 64_000_000;

  private final Duration silence;
  private final Duration whole;
  private final DataListener listener;

  Download(DataListener listener) {
    this(Duration.ofSeconds(20), Duration.ofMinutes(10), listener);
  }

  /**
   * @param silence how long to wait for a connection, and for the next bytes
   * @param whole how long a file may take as a whole
   */
  Download(Duration silence, Duration whole, DataListener listener) {
    this.silence = silence;
    this.whole = whole;
    this.listener = listener;
  }

  /**
   * Fetches {@code <file>.gz} into a folder.
   *
   * @throws DataException if no mirror gave it, with each one's reason, or the folder cannot be
   *     written to
   */
  void fetch(PublishedSet set, String file, Path folder) throws DataException {
    List<String> reasons = new ArrayList<>();
    try (AtomicFile draft = AtomicFile.of(folder.resolve(file + ".gz"))) {
      Files.createFile(draft.path()); // which asks no server if it cannot be done
      for (URI mirror : set.mirrors()) {
        URI source = mirror.resolve(file + ".gz");
        try {
          receiveInTime(source, draft.path());
          refuseOther(draft.path(), set, file);
        } catch (IOException e) {
          reasons.add(source + ": " + reason(e));
          continue;
        }
        draft.replace();
        return;
      }
    } catch (IOException e) {
      reasons.add(
          "%s is no folder that can be written to (%s)"
              .formatted(folder, ErrorMessages.withoutFile(e)));
    }
    throw new DataException(
        "%s could not be downloaded: %s. Put the four files of %s into a folder and name it with --data or %s"
            .formatted(file, String.join("; ", reasons), set.title(), set.folderVariable()));
  }

  /** Receives in another thread: no timeout of a connection is one for all that it brings. */
  private void receiveInTime(URI source, Path to) throws IOException {
    // Closing the file is also what stops a thread that is too late.
    try (OutputStream out = Files.newOutputStream(to)) {
      FutureTask<Void> receiving =
          new FutureTask<>(
              () -> {
                receive(source, out);
                return null;
              });
      Thread thread = new Thread(receiving, "download");
      thread.setDaemon(true);
      thread.start();
      receiving.get(whole.toMillis(), MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("not complete within " + told(whole), e);
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

  private void receive(URI source, OutputStream out) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) source.toURL().openConnection();
    connection.setConnectTimeout((int) silence.toMillis());
    connection.setReadTimeout((int) silence.toMillis());
    try {
      if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
        throw new IOException("answered " + connection.getResponseCode());
      }
      long total = Math.max(0, connection.getContentLengthLong());
      String file = Path.of(source.getPath()).getFileName().toString();
      try (InputStream in = connection.getInputStream()) {
        byte[] buffer = new byte[1 << 16];
        long received = 0;
        for (int n = in.read(buffer); n != -1; n = in.read(buffer)) {
          out.write(buffer, 0, n);
          received += n;
          if (received > MOST_BYTES) {
            throw new IOException("sent more than " + MOST_BYTES + " bytes");
          }
          listener.downloading(file, received, total);
        }
        if (received < total) { // newer JDKs have thrown by now
          throw new IOException("broke off after %d of %d bytes".formatted(received, total));
        }
      }
    } finally {
      connection.disconnect();
    }
  }

  private static void refuseOther(Path received, PublishedSet set, String file) throws IOException {
    // Reading it as what it should be also finds a gzip file that is damaged or cut short.
    IdxFile found =
        file.contains("images") ? IdxFile.readImages(received) : IdxFile.readLabels(received);
    if (!found.sha256().equals(set.sha256(file))) {
      throw new IOException("sent something else (SHA-256 " + found.sha256() + ")");
    }
  }

  private String reason(IOException e) {
    if (e instanceof UnknownHostException) {
      return "host not found";
    }
    if (e instanceof SocketTimeoutException) {
      return "no answer within " + told(silence);
    }
    if (e instanceof DataException) {
      return "sent something else than the file";
    }
    return ErrorMessages.summarize(e);
  }

  private static String told(Duration time) {
    return time.toMinutes() > 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
  }
}
