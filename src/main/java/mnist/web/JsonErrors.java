package mnist.web;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import mnist.platform.Json;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.QuietException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Reports as JSON what Jetty rejects before a route is reached, such as a malformed header. */
final class JsonErrors extends ErrorHandler {
  /** Server errors by HTTP's definition, but caused by the client's request. */
  private static final Set<Integer> CLIENT_ERRORS =
      Set.of(HttpStatus.NOT_IMPLEMENTED_501, HttpStatus.HTTP_VERSION_NOT_SUPPORTED_505);

  /** After so many seconds, a client that the server was too busy for should try again. */
  static final String RETRY_AFTER_SECONDS = "1";

  private final FaultLog faults;

  JsonErrors(FaultLog faults) {
    this.faults = faults;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      Throwable cause,
      Callback callback)
      throws IOException {
    Map<String, String> json = Map.of("error", String.valueOf(message));
    if (CLIENT_ERRORS.contains(status)) {
      response.setStatus(HttpStatus.BAD_REQUEST_400);
    } else if (status == HttpStatus.INTERNAL_SERVER_ERROR_500
        && cause != null
        && !QuietException.isQuiet(cause)) { // such as a client that disconnected
      json = faults.add(request.getMethod() + " " + request.getHttpURI().getPath(), cause);
    }
    if (status == HttpStatus.SERVICE_UNAVAILABLE_503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    Content.Sink.write(response, true, Json.MAPPER.writeValueAsString(json), callback);
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }
}
