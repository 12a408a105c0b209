package mnist.web;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The server's log of its own faults, which are no client's business: the log has the stack trace,
 * and the response only an id to find it by.
 *
 * @param log receives several lines at once
 */
record FaultLog(Consumer<String> log) {
  /**
   * Logs a fault.
   *
   * @param what failed, such as a request's method and path
   * @return the JSON of the response
   */
  Map<String, String> add(String what, Throwable fault) {
    String id = UUID.randomUUID().toString().substring(0, 8);
    StringWriter trace = new StringWriter();
    fault.printStackTrace(new PrintWriter(trace));
    log.accept("%s failed, error %s: %s".formatted(what, id, trace.toString().strip()));
    return Map.of(
        "error", "internal server error; the server's log explains error " + id, "id", id);
  }
}
