package mnist.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What is wrong before a request reaches any route, such as its first line: a line of JSON too. */
final class JsonErrors extends ErrorHandler {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What HTTP counts as the server's fault: a version or a coding that there is no need for. */
  private static final Set<Integer> NOT_OURS =
      Set.of(HttpStatus.NOT_IMPLEMENTED_501, HttpStatus.HTTP_VERSION_NOT_SUPPORTED_505);

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      Throwable cause,
      Callback callback)
      throws IOException {
    if (NOT_OURS.contains(status)) {
      response.setStatus(HttpStatus.BAD_REQUEST_400);
    }
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    Content.Sink.write(
        response,
        true,
        JSON.writeValueAsString(Map.of("error", String.valueOf(message))),
        callback);
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }
}
