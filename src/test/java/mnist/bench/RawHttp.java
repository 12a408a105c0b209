package mnist.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HTTP as bytes on a socket, for requests that no HTTP client would send. */
public final class RawHttp {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3}) ");
  private static final Pattern LENGTH = Pattern.compile("(?im)^content-length: *(\\d+)");

  private RawHttp() {}

  /** A response; the body is empty for HEAD requests. */
  public record Response(int status, byte[] body) {}

  /** A complete POST request. */
  public static byte[] post(URI server, String path, byte[] body) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    String head =
        "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, server.getAuthority(), body.length);
    request.writeBytes(head.getBytes(US_ASCII));
    request.writeBytes(body);
    return request.toByteArray();
  }

  /**
   * Sends a request over a connection of its own, closes the sending side and reads the first
   * response that is not 100 Continue.
   *
   * @throws EOFException if the server closes the connection without a response
   */
  public static Response exchange(URI server, byte[] request, Duration timeout) throws IOException {
    try (Socket socket = new Socket()) {
      int millis = Math.toIntExact(timeout.toMillis());
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), millis);
      socket.getOutputStream().write(request);
      socket.shutdownOutput();
      InputStream in = new BufferedInputStream(socket.getInputStream());
      String head = readHead(in);
      while (status(head) == 100) {
        head = readHead(in);
      }
      Matcher length = LENGTH.matcher(head);
      byte[] body =
          isHeadRequest(request)
              ? new byte[0]
              : length.find()
                  ? in.readNBytes(Integer.parseInt(length.group(1)))
                  : in.readAllBytes();
      return new Response(status(head), body);
    }
  }

  static boolean isHeadRequest(byte[] request) {
    return new String(request, 0, Math.min(5, request.length), US_ASCII).equals("HEAD ");
  }

  private static int status(String head) throws ProtocolException {
    Matcher status = STATUS.matcher(head);
    if (!status.lookingAt()) {
      throw new ProtocolException("not an HTTP response: " + head);
    }
    return Integer.parseInt(status.group(1));
  }

  private static String readHead(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("the server closed the connection");
      }
      head.append((char) next);
    }
    return head.toString();
  }
}
