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
import java.util.Locale;

/**
 * A connection to a web server over which whole requests are sent, right or wrong. It does as
 * little as it can, since it shares the machine with the server that it measures.
 */
public final class HttpConnection implements AutoCloseable {
  private static final int LONGEST_LINE = 1 << 14;
  private static final int CONTINUE = 100;

  private final Socket socket = new Socket();
  private final InputStream in;
  private boolean open = true;

  /**
   * What came back.
   *
   * @param status of HTTP
   * @param body as it was sent
   */
  public record Answer(int status, byte[] body) {}

  /**
   * Connects.
   *
   * @param patienceMillis so long an answer may take
   */
  public HttpConnection(URI server, int patienceMillis) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(patienceMillis);
    socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), patienceMillis);
    in = new BufferedInputStream(socket.getInputStream());
  }

  /** A whole request to post a body. */
  public static byte[] post(URI server, String path, byte[] body) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    String head =
        "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, server.getHost(), server.getPort(), body.length);
    request.writeBytes(head.getBytes(US_ASCII));
    request.writeBytes(body);
    return request.toByteArray();
  }

  /** Sends a request and waits for its answer. */
  public Answer send(byte[] request) throws IOException {
    socket.getOutputStream().write(request);
    return answer(request);
  }

  /** Sends a request and nothing more, ever; waits for the answer. */
  public Answer sendLast(byte[] request) throws IOException {
    socket.getOutputStream().write(request);
    socket.shutdownOutput();
    return answer(request);
  }

  /** Whether the server keeps the connection for another request. */
  public boolean isOpen() {
    return open;
  }

  /** Whether a request wants only the head of its answer. */
  static boolean asksForHead(byte[] request) {
    return new String(request, 0, Math.min(5, request.length), US_ASCII).equals("HEAD ");
  }

  private Answer answer(byte[] request) throws IOException {
    // The answer to HEAD names a length, but what follows is no body of that length.
    boolean hasBody = !asksForHead(request);
    Answer answer = nextAnswer(hasBody);
    while (answer.status() == CONTINUE) {
      answer = nextAnswer(hasBody);
    }
    return answer;
  }

  private Answer nextAnswer(boolean hasBody) throws IOException {
    String first = line();
    if (!first.startsWith("HTTP/1.")) {
      throw new ProtocolException("no answer of HTTP: " + first);
    }
    int status = Integer.parseInt(first.split(" ")[1]);
    int length = -1;
    for (String field = line(); !field.isEmpty(); field = line()) {
      String lower = field.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Integer.parseInt(field.substring(field.indexOf(':') + 1).strip());
      } else if (lower.startsWith("connection:") && lower.contains("close")) {
        open = false;
      }
    }
    if (status == CONTINUE || !hasBody) {
      return new Answer(status, new byte[0]);
    }
    if (length < 0) {
      open = false;
    }
    return new Answer(status, length < 0 ? in.readAllBytes() : in.readNBytes(length));
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0 || line.length() > LONGEST_LINE) {
        throw new EOFException("the server closed the connection");
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
