package mnist.data.sources;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static mnist.data.sources.IdxFolder.TRAIN_IMAGES;
import static mnist.data.sources.SmallSet.namesIn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import mnist.data.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class DownloadTest {
  private static final Duration RELAXED = Duration.ofSeconds(10);
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration STRICT = Duration.ofMillis(300);
  private static final SmallSet SET = new SmallSet(1);
  private static final SmallSet OTHER = new SmallSet(2);
  private static final String GZ = TRAIN_IMAGES + ".gz";

  @TempDir Path temporary;

  private final Heard heard = new Heard();

  private Path folder() {
    return temporary.resolve("data");
  }

  private void fetch(Duration silence, URI... mirrors) throws IOException {
    fetch(silence, LONG, mirrors);
  }

  private void fetch(Duration silence, Duration whole, URI... mirrors) throws IOException {
    new Download(silence, whole, heard).fetch(SET.asMnist(mirrors), TRAIN_IMAGES, folder());
  }

  private void assertArrived() throws IOException {
    assertThat(namesIn(folder())).containsExactly(GZ);
    assertThat(IdxFile.readImages(folder().resolve(GZ)).sha256())
        .isEqualTo(SmallSet.sha256(SET.plain(TRAIN_IMAGES)));
  }

  /** The message after all mirrors failed, and left nothing in the folder. */
  private String failure(Duration silence, Duration whole, URI... mirrors) throws IOException {
    DataException refused =
        catchThrowableOfType(DataException.class, () -> fetch(silence, whole, mirrors));
    assertThat(refused).isNotNull();
    assertThat(namesIn(folder())).isEmpty();
    return refused.getMessage();
  }

  private String failureOf(HttpHandler answer) throws IOException {
    try (Mirror mirror = new Mirror(answer)) {
      String message = failure(RELAXED, LONG, mirror.address());
      assertThat(message).contains(mirror.address() + GZ);
      return message;
    }
  }

  // ---- What arrives

  @Test
  void aGoodFileArrivesInAFolderThatIsMadeForItAndItsProgressIsTold() throws IOException {
    try (Mirror mirror = Mirror.of(SET)) {
      fetch(RELAXED, mirror.address());

      assertArrived();
      assertThat(mirror.asked()).containsExactly(GZ);
    }
    long total = SET.gz(TRAIN_IMAGES).length;
    assertThat(heard.progress).allSatisfy(p -> assertThat(p.file()).isEqualTo(GZ));
    assertThat(heard.progress).extracting(Heard.Progress::bytes).isSorted().last().isEqualTo(total);
    assertThat(heard.progress).extracting(Heard.Progress::total).containsOnly(total);
  }

  @Test
  void twoDownloadsAtOnceBothSucceedAndLeaveOneFile() throws Exception {
    CyclicBarrier bothHere = new CyclicBarrier(2);
    byte[] content = SET.gz(TRAIN_IMAGES);
    HttpHandler halfThenTogether =
        exchange -> {
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, content.length / 2);
          exchange.getResponseBody().flush();
          try {
            bothHere.await(5, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IOException(e);
          }
          exchange
              .getResponseBody()
              .write(content, content.length / 2, content.length - content.length / 2);
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Mirror mirror = new Mirror(halfThenTogether)) {
      Callable<Void> download =
          () -> {
            fetch(RELAXED, mirror.address());
            return null;
          };
      for (Future<Void> done : threads.invokeAll(List.of(download, download))) {
        done.get();
      }

      assertThat(mirror.asked()).hasSize(2);
      assertArrived();
    } finally {
      threads.shutdownNow();
    }
  }

  // ---- What is refused

  @Test
  void skipsAServerThatStalls() throws IOException {
    try (Mirror mirror = Mirror.thatStalls(SET.gz(TRAIN_IMAGES))) {
      assertThat(failure(STRICT, LONG, mirror.address()))
          .contains(mirror.address() + GZ + ": no response within");
    }
  }

  @Test
  void skipsAServerThatIsSlowerThanTheTotalTimeout() throws IOException {
    try (Mirror trickling = Mirror.thatTrickles();
        Mirror good = Mirror.of(SET)) {
      Duration second = Duration.ofSeconds(1);
      assertThat(failure(RELAXED, second, trickling.address()))
          .contains(trickling.address() + GZ + ": not complete within 1 s");
      assertThat(heard.progress).hasSizeGreaterThan(1);

      fetch(RELAXED, second, trickling.address(), good.address());
      assertArrived();
    }
  }

  @Test
  void totalTimeoutEndsARead() throws IOException {
    try (Mirror mirror = Mirror.thatStalls(SET.gz(TRAIN_IMAGES))) {
      assertTimeout(
          Duration.ofSeconds(5),
          () ->
              assertThat(failure(RELAXED, STRICT, mirror.address()))
                  .contains("not complete within"));
    }
  }

  @Test
  void rejectsATruncatedFile() throws IOException {
    byte[] content = SET.gz(TRAIN_IMAGES);
    String message =
        failureOf(
            exchange -> {
              exchange.sendResponseHeaders(200, content.length);
              exchange.getResponseBody().write(content, 0, 1000);
              exchange.getResponseBody().flush();
            });

    assertThat(message)
        .containsAnyOf(
            "connection closed after 1000 of " + content.length + " bytes", "Premature EOF");
  }

  @Test
  void rejectsAWebPage() throws IOException {
    byte[] page = "<html>Please log in</html>".getBytes(US_ASCII);

    assertThat(failureOf(exchange -> Mirror.send(exchange, page)))
        .contains("sent something that is not the file");
  }

  @Test
  void skipsAServerThatNeverStopsSending() throws IOException {
    String message =
        failureOf(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              byte[] zeros = new byte[1 << 16];
              while (true) {
                exchange.getResponseBody().write(zeros); // until the client has closed
              }
            });

    assertThat(message).contains("sent more than 64000000 bytes");
    assertThat(heard.progress).extracting(Heard.Progress::total).containsOnly(0L); // untold
    assertThat(heard.progress)
        .last()
        .satisfies(last -> assertThat(last.bytes()).isBetween(60_000_000L, 64_000_000L));
  }

  @Test
  void errorGivesTheReasonForEachMirror() throws IOException {
    URI nowhere = Mirror.nowhere();
    try (Mirror other = Mirror.of(OTHER);
        Mirror without = new Mirror(exchange -> exchange.sendResponseHeaders(503, -1))) {
      assertThat(failure(RELAXED, LONG, other.address(), nowhere, without.address()))
          .startsWith(TRAIN_IMAGES + " could not be downloaded: ")
          .contains(
              other.address() + GZ + ": sent a different file",
              SmallSet.sha256(OTHER.plain(TRAIN_IMAGES)),
              nowhere + GZ + ": Connection refused",
              without.address() + GZ + ": responded with status 503")
          .endsWith(
              "Put the four files of MNIST into a folder and specify it with --data or MNIST_DATA");
    }
  }

  @Test
  void rejectsAFolderThatCannotBeCreated() throws IOException {
    Files.writeString(folder(), "a file in the folder's place");
    try (Mirror mirror = Mirror.of(SET)) {
      assertThatExceptionOfType(DataException.class)
          .isThrownBy(() -> fetch(RELAXED, mirror.address()))
          .withMessageContainingAll(
              TRAIN_IMAGES + " could not be downloaded",
              folder() + " is not a writable folder",
              "specify it with --data or MNIST_DATA");
      assertThat(mirror.asked()).isEmpty();
    }
  }
}
