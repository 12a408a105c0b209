package mnist.web;

import io.javalin.config.Key;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.ContentTooLargeResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.ServiceUnavailableResponse;
import io.javalin.http.UnsupportedMediaTypeResponse;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;
import mnist.platform.ErrorMessages;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;

/**
 * Reads the body of a request as it arrives, without occupying a thread, within the server's limits
 * on size, time, and the memory of all bodies together. A gzipped body is decompressed.
 */
final class RequestBody implements ReadListener {
  /** The bytes that bodies may still occupy, from their arrival until they have been processed. */
  static final Key<Semaphore> MEMORY = new Key<>("body-memory");

  private static final int MAX_BYTES = ServerConfig.MAX_BODY_BYTES;
  private static final int MAX_BYTES_OF_ALL = 16 * MAX_BYTES;

  /** The share of Java's memory that all bodies together may take. */
  private static final int HEAP_SHARE = 8;

  /** What each body may occupy besides, so that large ones never keep out small ones. */
  private static final int SMALL = 1 << 15;

  private static final int CHUNK = 1 << 13;

  /** How much of a body that is rejected is read and discarded, as a multiple of the limit. */
  private static final int MAX_DRAINED = 8;

  private final Semaphore memory;
  private final Duration timeout;
  private final ServletInputStream in;
  private final CompletableFuture<byte[]> received = new CompletableFuture<>();
  private final byte[] chunk = new byte[CHUNK];
  private final long expected;
  private final boolean gzipped;
  private byte[] bytes = new byte[0];
  private int count;
  private int reserved;
  private boolean released;
  private volatile HttpResponseException rejection;
  private long drained;

  private RequestBody(Context ctx) throws IOException {
    memory = ctx.appData(MEMORY);
    timeout = ctx.appData(ServerConfig.KEY).timeout();
    in = ctx.req().getInputStream();
    expected = ctx.req().getContentLengthLong(); // -1 if it is chunked
    String encoding = ctx.header("Content-Encoding");
    gzipped = "gzip".equalsIgnoreCase(encoding) || "x-gzip".equalsIgnoreCase(encoding);
    if (encoding != null && !gzipped && !encoding.equalsIgnoreCase("identity")) {
      ctx.header("Accept-Encoding", "gzip");
      reject(
          new UnsupportedMediaTypeResponse(
              "found Content-Encoding %s, expected gzip or none"
                  .formatted(JsonTensor.abbreviate(encoding))));
    } else if (expected > MAX_BYTES) {
      reject(tooLarge());
    }
  }

  /** The memory for the bodies of a server. */
  static Semaphore memory() {
    long share = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
    return new Semaphore((int) Math.max(MAX_BYTES, Math.min(share, MAX_BYTES_OF_ALL)));
  }

  /**
   * Reads the whole body and applies a function to it. The response is sent by one of the server's
   * threads, and a client that reads it slowly does not occupy the one that has computed it.
   *
   * @param function returns when the body has been processed
   * @return for {@link Context#future}; fails with a {@link HttpResponseException}: 413 if the body
   *     is larger than {@link ServerConfig#MAX_BODY_BYTES}, 408 if it takes longer than the
   *     server's timeout, 415 if it is encoded other than by gzip, 503 if there is no memory for it
   *     now, 400 if it is incomplete or no gzip
   */
  static CompletableFuture<Void> read(
      Context ctx, Function<byte[], CompletableFuture<Void>> function) {
    try {
      RequestBody body = new RequestBody(ctx);
      CompletableFuture<Void> processed =
          body.received
              .orTimeout(body.timeout.toNanos(), TimeUnit.NANOSECONDS)
              .handle(body::content)
              .thenCompose(function)
              .whenComplete((none, error) -> body.release());
      body.in.setReadListener(body);
      return processed.whenCompleteAsync(
          (none, error) -> {},
          ServletContextRequest.getServletContextRequest(ctx.req()).getComponents().getExecutor());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- While it arrives

  @Override
  public void onDataAvailable() throws IOException {
    while (!received.isDone() && in.isReady()) {
      int read = in.read(chunk);
      if (read < 0) {
        return; // onAllDataRead follows
      }
      if (rejection == null) {
        add(chunk, read);
      } else {
        drain(read);
      }
    }
  }

  /** Most clients read no response before they have sent the whole request. */
  private void drain(int read) {
    drained += read;
    if (drained > (long) MAX_DRAINED * MAX_BYTES) {
      received.complete(bytes);
    }
  }

  private void add(byte[] from, int length) {
    if (count + length > bytes.length && !grow(count + length)) {
      return;
    }
    System.arraycopy(from, 0, bytes, count, length);
    count += length;
  }

  /** Makes room for some bytes in all, no more than twice of what has arrived; or rejects them. */
  private synchronized boolean grow(int needed) {
    if (needed > MAX_BYTES) {
      reject(tooLarge());
      return false;
    }
    int capacity = Math.min(MAX_BYTES, Math.max(needed, 2 * bytes.length));
    if (!gzipped && expected >= needed) {
      capacity = (int) Math.min(capacity, expected);
    }
    int more = Math.max(SMALL, capacity) - Math.max(SMALL, bytes.length);
    if (released || !memory.tryAcquire(more)) {
      reject(new ServiceUnavailableResponse("too many large requests at once, try again later"));
      return false;
    }
    reserved += more;
    bytes = Arrays.copyOf(bytes, capacity);
    return true;
  }

  private static HttpResponseException tooLarge() {
    return new ContentTooLargeResponse("the body may have at most %d bytes".formatted(MAX_BYTES));
  }

  /** Responds so once the rest of the body has been read and discarded. */
  private synchronized void reject(HttpResponseException reason) {
    rejection = reason;
    bytes = new byte[0];
    releaseMemory();
  }

  private synchronized void release() {
    released = true;
    releaseMemory();
  }

  private void releaseMemory() {
    memory.release(reserved);
    reserved = 0;
  }

  @Override
  public void onAllDataRead() throws IOException {
    if (gzipped && rejection == null) {
      decompress();
    }
    received.complete(bytes);
  }

  private void decompress() throws IOException {
    try (InputStream decompressed =
        new GZIPInputStream(new ByteArrayInputStream(bytes, 0, count))) {
      count = 0;
      bytes = new byte[0]; // remains reserved
      for (int read = 0; read >= 0 && rejection == null; read = decompressed.read(chunk)) {
        add(chunk, read);
      }
    }
  }

  @Override
  public void onError(Throwable error) {
    received.completeExceptionally(error);
  }

  // ---- When it has arrived

  private byte[] content(byte[] content, Throwable error) {
    if (rejection != null) {
      throw rejection;
    }
    if (error instanceof TimeoutException
        || error != null && error.getCause() instanceof TimeoutException) {
      throw new HttpResponseException(
          HttpStatus.REQUEST_TIMEOUT.getCode(),
          "the body did not arrive within %s s".formatted(timeout.toMillis() / 1000.0));
    }
    if (error instanceof Error serious) {
      throw serious;
    }
    if (error != null) {
      throw new BadRequestResponse("the body cannot be read: " + ErrorMessages.summarize(error));
    }
    return count == content.length ? content : Arrays.copyOf(content, count);
  }
}
