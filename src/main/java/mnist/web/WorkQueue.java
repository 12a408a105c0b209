package mnist.web;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.ServiceUnavailableResponse;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Computes responses in the order in which the requests arrived, one per processor at a time: all
 * at once would take just as long, but some would wait much longer than others. Few may wait, and
 * what nobody waits for any longer is not computed.
 */
final class WorkQueue implements AutoCloseable {
  private static final int CLIENT_CLOSED_REQUEST = 499;

  /**
   * After so long, a client that has closed its side of the connection counts as gone. Until then
   * it may be one that has just finished sending.
   */
  private static final long MIN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ThreadPoolExecutor threads;

  /** A queue for a number of requests, those in progress not counted. */
  WorkQueue(int capacity) {
    int processors = Runtime.getRuntime().availableProcessors();
    threads =
        new ThreadPoolExecutor(
            processors, processors, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(capacity));
  }

  /** Computes and sets the response to a request. */
  interface Work {
    void run() throws Exception;
  }

  /**
   * Does some work when it is its turn.
   *
   * @return fails with the exception of the work, or with 503 if the queue is full
   */
  CompletableFuture<Void> submit(Context ctx, Work work) {
    long submitted = System.nanoTime();
    try {
      return CompletableFuture.runAsync(
          () -> {
            boolean hasWaited = System.nanoTime() - submitted > MIN_WAIT_NANOS;
            if (hasWaited && ConnectionHandler.isClosedByClient(ctx)) {
              throw new HttpResponseException(CLIENT_CLOSED_REQUEST, "the client has gone");
            }
            try {
              work.run();
            } catch (RuntimeException e) {
              throw e;
            } catch (Exception e) {
              throw new CompletionException(e);
            }
          },
          threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          new ServiceUnavailableResponse("too many requests at once, try again later"));
    }
  }

  /** Accepts no more work; what is waiting is still done. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
