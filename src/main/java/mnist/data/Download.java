package mnist.data;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.IOException;
import java.io.InputStream;
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

/**
 * Fetches a published file from the first mirror that has it as it should be.
 *
 * <p>A file arrives under a temporary name of its own and gets its real name, in one move, only
 * when its content has the right SHA-256. So there is never a bad or half file, and two processes
 * that fetch the same file do not disturb each other.
 */
final class Download {
  /** More than any published file has; a server that sends on and on is left. */
  private static final long MOST_BYTES = 64_000_000;

  private final Duration timeout;
  private final DataListener listener;

  /**
   * @param timeout how long to wait for a connection, and for the next bytes
   */
  Download(Duration timeout, DataListener listener) {
    this.timeout = timeout;
    this.listener = listener;
  }

  /**
   * Fetches {@code <file>.gz} into a folder.
   *
   * @throws DataException if no mirror gave it, with each one's reason, or the folder cannot be
   *     written to
   */
  void fetch(PublishedSet set, String file, Path folder) throws IOException {
    List<String> reasons = new ArrayList<>();
    for (URI mirror : set.mirrors()) {
      URI source = mirror.resolve(file + ".gz");
      Path part = newPart(set, file, folder);
      try {
        receive(source, part);
        String sha256 = unpackedSha256(part, file);
        if (sha256.equals(set.sha256().get(file))) {
          Files.move(part, folder.resolve(file + ".gz"), ATOMIC_MOVE, REPLACE_EXISTING);
          return;
        }
        reasons.add(source + ": sent something else (SHA-256 " + sha256 + ")");
      } catch (IOException e) {
        reasons.add(source + ": " + reason(e));
      } finally {
        Files.deleteIfExists(part);
      }
    }
    throw new DataException(notDownloaded(set, file, String.join("; ", reasons)));
  }

  private static Path newPart(PublishedSet set, String file, Path folder) throws DataException {
    try {
      return PartFile.create(folder, file);
    } catch (IOException e) {
      throw new DataException(
          notDownloaded(set, file, folder + " is no folder that can be written to (" + e + ")"), e);
    }
  }

  private static String notDownloaded(PublishedSet set, String file, String why) {
    return "%s could not be downloaded: %s. Put the four files of %s into a folder and name it with --data or %s"
        .formatted(file, why, set.title(), set.folderVariable());
  }

  private void receive(URI source, Path part) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) source.toURL().openConnection();
    connection.setConnectTimeout((int) timeout.toMillis());
    connection.setReadTimeout((int) timeout.toMillis());
    try {
      if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
        throw new IOException("answered " + connection.getResponseCode());
      }
      long total = Math.max(0, connection.getContentLengthLong());
      String file = Path.of(source.getPath()).getFileName().toString();
      try (InputStream in = connection.getInputStream();
          OutputStream out = Files.newOutputStream(part)) {
        byte[] buffer = new byte[1 << 16];
        long received = 0;
        for (int n = read(in, buffer); n != -1; n = read(in, buffer)) {
          out.write(buffer, 0, n);
          received += n;
          if (received > MOST_BYTES) {
            throw new IOException("sent more than " + MOST_BYTES + " bytes");
          }
          listener.downloading(file, received, total);
        }
        if (received < total) {
          throw new IOException("broke off after %d of %d bytes".formatted(received, total));
        }
      }
    } finally {
      connection.disconnect();
    }
  }

  /**
   * Where a connection breaks off, newer JDKs throw and older ones end; the length tells anyway.
   */
  private static int read(InputStream in, byte[] buffer) throws IOException {
    try {
      return in.read(buffer);
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return -1;
    }
  }

  /** Reading it as what it should be also finds a gzip file that is damaged or cut short. */
  private static String unpackedSha256(Path part, String file) throws IOException {
    IdxFile idx = file.contains("images") ? IdxFile.readImages(part) : IdxFile.readLabels(part);
    return idx.sha256();
  }

  private String reason(IOException e) {
    if (e instanceof UnknownHostException) {
      return "host not found";
    }
    if (e instanceof SocketTimeoutException) {
      return "no answer within " + timeout.toSeconds() + " s";
    }
    if (e instanceof DataException) {
      return "sent something else than the file";
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
