package mnist.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mnist.bench.MalformedRequests.Request;
import mnist.bench.RawHttp.Response;
import mnist.platform.Json;

/**
 * The result of sending malformed requests to a server.
 *
 * @param requests number of requests
 * @param statuses number of responses by status; 0 for connections closed without a response
 * @param faults unacceptable responses, one line each
 * @param slowestMillis the longest time to a response
 */
public record Fuzzing(
    int requests, Map<Integer, Integer> statuses, List<String> faults, double slowestMillis) {

  /** Longer than the server's timeout for stalled clients. */
  private static final Duration TIMEOUT = Duration.ofSeconds(14);

  /** Sends malformed requests, each over its own connection, and a health check after each. */
  public static Fuzzing run(URI server, int requests, long seed)
      throws IOException, InterruptedException {
    MalformedRequests malformed = new MalformedRequests(server, seed);
    Map<Integer, Integer> statuses = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    double slowest = 0;
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest health =
        HttpRequest.newBuilder(server.resolve("/healthz")).timeout(TIMEOUT).build();
    for (int i = 0; i < requests; i++) {
      Request request = malformed.next();
      String name = "request %d of seed %d (%s): ".formatted(i, seed, request.kind());
      long start = System.nanoTime();
      int status = 0;
      try {
        Response response = RawHttp.exchange(server, request.bytes(), TIMEOUT);
        status = response.status();
        String fault = fault(request, response);
        if (fault != null) {
          faults.add(name + fault);
        }
      } catch (EOFException | SocketException e) {
        // Closing is right where the server cannot recognize a request.
      } catch (IOException e) {
        faults.add(name + e);
      }
      slowest = Math.max(slowest, (System.nanoTime() - start) / 1e6);
      statuses.merge(status, 1, Integer::sum);
      if (client.send(health, BodyHandlers.discarding()).statusCode() != 200) {
        faults.add(name + "the server is unhealthy afterwards");
      }
    }
    return new Fuzzing(requests, statuses, faults, slowest);
  }

  /** Why a response is unacceptable, or null: errors must be one line of JSON and never 5xx. */
  private static String fault(Request request, Response response) {
    String text = new String(response.body(), StandardCharsets.UTF_8);
    if (response.status() >= 500) {
      return "status %d: %s".formatted(response.status(), text);
    }
    if (response.status() < 400 || RawHttp.isHeadRequest(request.bytes())) {
      return null; // still well-formed, or without a body
    }
    try {
      JsonNode error = Json.MAPPER.readTree(text).path("error");
      return error.isTextual() && text.lines().count() == 1 ? null : "error body " + text;
    } catch (IOException e) {
      return "error body is not JSON: " + text;
    }
  }
}
