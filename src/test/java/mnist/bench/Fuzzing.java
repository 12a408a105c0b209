package mnist.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mnist.bench.HttpConnection.Answer;
import mnist.bench.WrongRequests.Wrong;

/**
 * Wrong requests sent to a server, and what came of them.
 *
 * @param requests that were sent
 * @param statuses how often each status came back, 0 where the connection was closed without one
 * @param faults what should not have come back, a line each
 * @param slowestMillis of all answers
 */
public record Fuzzing(
    int requests, Map<Integer, Integer> statuses, List<String> faults, double slowestMillis) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Longer than the server waits for a client that stalls. */
  private static final int PATIENCE_MILLIS = 14_000;

  private static final int SERVER_ERROR = 500;
  private static final int CLIENT_ERROR = 400;

  /**
   * Sends wrong requests one after the other, each over a connection of its own; behind each, the
   * server is asked whether it is well.
   */
  public static Fuzzing of(URI server, int requests, long seed) throws IOException {
    WrongRequests wrongs = new WrongRequests(server, seed);
    Map<Integer, Integer> statuses = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    double slowest = 0;
    byte[] health =
        "GET /healthz HTTP/1.1\r\nHost: %s:%d\r\n\r\n"
            .formatted(server.getHost(), server.getPort())
            .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < requests; i++) {
      Wrong wrong = wrongs.next();
      String what = "request %d of seed %d (%s): ".formatted(i, seed, wrong.kind());
      long begin = System.nanoTime();
      int status = 0;
      try (HttpConnection http = new HttpConnection(server, PATIENCE_MILLIS)) {
        Answer answer = http.sendLast(wrong.bytes());
        status = answer.status();
        String fault = fault(wrong, answer);
        if (fault != null) {
          faults.add(what + fault);
        }
      } catch (EOFException | SocketException e) {
        // Closed without an answer, as is right where no request can be made out.
      } catch (IOException e) {
        faults.add(what + e);
      }
      slowest = Math.max(slowest, (System.nanoTime() - begin) / 1e6);
      statuses.merge(status, 1, Integer::sum);
      try (HttpConnection http = new HttpConnection(server, PATIENCE_MILLIS)) {
        if (http.send(health).status() != 200) {
          faults.add(what + "the server is not well afterwards");
        }
      }
    }
    return new Fuzzing(requests, statuses, faults, slowest);
  }

  /** What is wrong with an answer, or null: a refusal is a line of JSON, nothing is a 5xx. */
  private static String fault(Wrong wrong, Answer answer) {
    if (answer.status() >= SERVER_ERROR) {
      return "answered with %d %s".formatted(answer.status(), new String(answer.body()));
    }
    if (answer.status() < CLIENT_ERROR || HttpConnection.asksForHead(wrong.bytes())) {
      return null; // nothing wrong with it after all, or nothing to read
    }
    String text = new String(answer.body(), StandardCharsets.UTF_8);
    try {
      JsonNode error = JSON.readTree(text).path("error");
      return error.isTextual() && text.lines().count() == 1 ? null : "refused with " + text;
    } catch (IOException e) {
      return "refused with what is no JSON: " + text;
    }
  }
}
