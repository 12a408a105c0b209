package mnist.web;

import io.javalin.http.BadRequestResponse;
import io.javalin.http.ContentTooLargeResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import mnist.platform.ErrorMessages;

/** Reads the body of a request within the server's limits on size and time. */
final class RequestBody {
  private static final int CHUNK = 1 << 14;

  /** How much of a body that is too large is read and discarded, as a multiple of the limit. */
  private static final int MAX_DRAINED = 8;

  private RequestBody() {}

  /**
   * Reads the whole body.
   *
   * @throws HttpResponseException 413 if the body is larger than {@link
   *     ServerConfig#MAX_BODY_BYTES}, 408 if it takes longer than the server's timeout, 400 if it
   *     is incomplete
   */
  static byte[] read(Context ctx) {
    Duration timeout = ctx.appData(ServerConfig.KEY).timeout();
    long deadline = System.nanoTime() + timeout.toNanos();
    long length = ctx.req().getContentLengthLong(); // -1 if it is chunked
    try {
      InputStream in = ctx.req().getInputStream();
      ByteArrayOutputStream body =
          new ByteArrayOutputStream(
              (int) Math.max(CHUNK, Math.min(length, ServerConfig.MAX_BODY_BYTES)));
      byte[] chunk = new byte[CHUNK];
      for (int read = 0; read >= 0; read = in.read(chunk)) {
        body.write(chunk, 0, read);
        if (Math.max(length, body.size()) > ServerConfig.MAX_BODY_BYTES) {
          drain(in, deadline);
          throw new ContentTooLargeResponse(
              "the body may have at most %d bytes".formatted(ServerConfig.MAX_BODY_BYTES));
        }
        if (System.nanoTime() > deadline) {
          throw timedOut(timeout);
        }
      }
      return body.toByteArray();
    } catch (IOException e) {
      if (e.getCause() instanceof TimeoutException) {
        throw timedOut(timeout);
      }
      throw new BadRequestResponse("the body is incomplete: " + ErrorMessages.summarize(e));
    }
  }

  /** Most clients read no response before they have sent the whole request. */
  private static void drain(InputStream in, long deadline) throws IOException {
    byte[] chunk = new byte[CHUNK];
    long left = (long) MAX_DRAINED * ServerConfig.MAX_BODY_BYTES;
    for (int read = 0;
        read >= 0 && left > 0 && System.nanoTime() < deadline;
        read = in.read(chunk)) {
      left -= read;
    }
  }

  private static HttpResponseException timedOut(Duration timeout) {
    return new HttpResponseException(
        HttpStatus.REQUEST_TIMEOUT.getCode(),
        "the body did not arrive within %s s".formatted(timeout.toMillis() / 1000.0));
  }
}
