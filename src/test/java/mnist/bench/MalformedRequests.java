package mnist.bench;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/**
 * Requests to the model server with something wrong in them: truncated and corrupted JSON, wrong
 * shapes, odd numbers, deep nesting, broken images, decompression bombs, wrong lengths, wrong
 * headers. The same seed gives the same requests.
 */
public final class MalformedRequests {
  private static final int SIDE = 28;
  private static final String PREDICT = "/v1/models/mnist:predict";

  private static final List<String> VALUES =
      list(
          "NaN Infinity -Infinity 1e999 -1e-999 1e 01 0x10 null true \"3\" \"\\ud800\" {} [] [[[]]]"
              + " {\"b64\":\"!!\"} {\"b64\":7} {\"b64\":\"AAAA\"} -0 1.5 256 1e39 \0 /* '",
          "9".repeat(400));

  private static final List<String> FIELDS =
      list("instances inputs signature_name image image_bytes b64 x", "");

  private static final List<String> PATHS =
      list(
          PREDICT
              + " /v1/digits /v1/models/mnist /v1/models/mnist/versions/999:predict"
              + " /v1/models/mnist/versions/99999999999999999999:predict"
              + " /v1/models/mnist/versions/99999999999999999999 /v1/models/..%2f..%2fetc:predict"
              + " /v1/models/two%20words:predict /v1/models/a%2Bb%3Apredict /v1/models/%C3%A9/metadata"
              + " /v1/models/%252e:predict /v1/models/%0a/versions/1/metadata"
              + " /v1/models/%00:predict /v1/models/:predict /v1/models/mnist:explain"
              + " /v1/models/mnist/labels/stable:predict /v1/ /v1 /page/look /page/look?model="
              + " /page/look?model=.. /%ff /../.. // /metrics/ /shared/..%2fjvm.options /shared/style.css? *",
          "/page/look?model=" + "a&model=".repeat(40) + "b",
          "/" + "a".repeat(5000));

  private static final List<String> METHODS =
      list("GET POST HEAD PUT DELETE OPTIONS TRACE PATCH CONNECT get É", "POST ", "");

  private final URI server;
  private final Random random;
  private final List<byte[]> images = new ArrayList<>();
  private final byte[] progressive;

  /**
   * One request.
   *
   * @param kind what is wrong with it
   * @param bytes header and body
   */
  public record Request(String kind, byte[] bytes) {}

  public MalformedRequests(URI server, long seed) throws IOException {
    this.server = server;
    random = new Random(seed);
    BufferedImage picture = new BufferedImage(60, 80, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = picture.createGraphics();
    pen.setColor(Color.WHITE);
    pen.fillRect(20, 10, 8, 60);
    pen.dispose();
    for (String form : List.of("png", "jpeg", "gif", "bmp")) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(picture, form, out);
      images.add(out.toByteArray());
    }
    progressive = JpegScans.progressive(picture);
  }

  /** The next request. */
  public Request next() {
    return switch (random.nextInt(15)) {
      case 0 -> new Request("truncated JSON", post(PREDICT, truncate(image())));
      case 1 -> new Request("corrupted JSON", post(PREDICT, corrupt(image())));
      case 2 -> new Request("odd value", post(PREDICT, oddValue()));
      case 3 -> new Request("wrong shape", post(PREDICT, text(shape(random.nextInt(5)))));
      case 4 -> new Request("deep nesting", post(PREDICT, deep()));
      case 5 -> new Request("random fields", post(PREDICT, text(object(3))));
      case 6 -> new Request("truncated image", post(imagePath(), truncate(encodedImage())));
      case 7 -> new Request("corrupted image", post(imagePath(), corrupt(encodedImage())));
      case 8 -> new Request("decompression bomb", post(imagePath(), bomb()));
      case 9 -> new Request("wrong length", wrongLength());
      case 10 -> new Request("wrong header", wrongHeader());
      case 11 -> new Request("gzipped JSON", gzipped());
      case 12 -> new Request("null for a field", post(PREDICT, nullField()));
      case 13 -> new Request("JPEG of many scans", post(imagePath(), manyScans()));
      default -> new Request("noise", post(one(PATHS), noise(random.nextInt(2000))));
    };
  }

  // ---- Parts

  private static List<String> list(String words, String... others) {
    return Stream.concat(Stream.of(words.split(" ")), Stream.of(others)).toList();
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private byte[] post(String path, byte[] body) {
    return RawHttp.post(server, path, body);
  }

  private String imagePath() {
    return random.nextBoolean() ? "/v1/digits" : "/page/look?model=mnist";
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private byte[] truncate(byte[] whole) {
    return Arrays.copyOf(whole, random.nextInt(whole.length));
  }

  private byte[] corrupt(byte[] whole) {
    byte[] corrupted = whole.clone();
    for (int i = random.nextInt(8); i >= 0; i--) {
      corrupted[random.nextInt(corrupted.length)] = (byte) random.nextInt(256);
    }
    return corrupted;
  }

  // ---- JSON

  /** A valid request. */
  private byte[] image() {
    return text("{\"signature_name\": \"bytes\", \"instances\": [" + square("0") + "]}");
  }

  private String square(String odd) {
    StringBuilder square = new StringBuilder("[");
    int where = random.nextInt(SIDE * SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) {
      square.append(i % SIDE > 0 ? "," : i > 0 ? ",[" : "[");
      square.append(i == where ? odd : random.nextInt(256));
      square.append(i % SIDE == SIDE - 1 ? "]" : "");
    }
    return square.append("]").toString();
  }

  private byte[] oddValue() {
    String form = one(List.of("instances", "inputs"));
    String signature = one(List.of("bytes", "serving_default", "none", ""));
    return text(
        "{\"%s\": [%s], \"signature_name\": \"%s\"}"
            .formatted(form, square(one(VALUES)), signature));
  }

  private byte[] nullField() {
    String field = "\"" + one(FIELDS) + "\": null";
    return text(
        random.nextBoolean()
            ? "{" + field + "}"
            : "{\"instances\": " + one(List.of("null", "[null]", "[{" + field + "}]")) + "}");
  }

  /** Damaged, or many times as large when decompressed. */
  private byte[] gzipped() {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(zipped)) {
      out.write(random.nextBoolean() ? image() : new byte[random.nextInt(100_000_000)]);
    } catch (IOException e) {
      throw new IllegalStateException("compressing in memory cannot fail", e);
    }
    byte[] whole = zipped.toByteArray();
    byte[] body =
        switch (random.nextInt(4)) {
          case 0 -> truncate(whole);
          case 1 -> corrupt(whole);
          case 2 -> image();
          default -> whole;
        };
    String encoding = one(list("gzip x-gzip br deflate identity gzip,gzip ,", "GZIP, br"));
    return request(
        "POST %s HTTP/1.1\r\n%sContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(one(List.of(PREDICT, "/v1/digits")), host(), encoding, body.length),
        body);
  }

  private String shape(int levels) {
    StringBuilder list = new StringBuilder();
    int size = random.nextInt(6);
    for (int i = 0; i < size; i++) {
      list.append(i > 0 ? "," : "").append(levels == 0 ? one(VALUES) : shape(levels - 1));
    }
    String inside = "[" + list + "]";
    return levels == 4 || random.nextInt(10) == 0 ? "{\"instances\": " + inside + "}" : inside;
  }

  private byte[] deep() {
    int depth = 1 + random.nextInt(200_000);
    String open = one(List.of("[", "{\"a\":", "{\"instances\":["));
    String inside = open.repeat(Math.min(depth, 4_000_000 / open.length()));
    return text(random.nextBoolean() ? inside : "{\"instances\": " + inside);
  }

  private String object(int levels) {
    StringBuilder object = new StringBuilder("{");
    for (int i = random.nextInt(4); i >= 0; i--) {
      String value = levels > 0 && random.nextBoolean() ? object(levels - 1) : one(VALUES);
      String item = random.nextBoolean() ? value : "[" + value + "," + one(VALUES) + "]";
      object.append('"').append(one(FIELDS)).append("\": ").append(item).append(i > 0 ? "," : "");
    }
    return object.append("}").toString();
  }

  // ---- Images

  private byte[] encodedImage() {
    return one(images);
  }

  /** A PNG whose header names a size that the data may or may not have. */
  private byte[] bomb() {
    int[] sides = {1, 28, 5_000, 30_000, 65_535, Integer.MAX_VALUE, 0, -1};
    int width = sides[random.nextInt(sides.length)];
    int height = sides[random.nextInt(sides.length)];
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    ByteBuffer head = ByteBuffer.allocate(13).putInt(width).putInt(height);
    head.put((byte) 8).put((byte) (random.nextBoolean() ? 0 : 2));
    chunk(png, "IHDR", head.array());
    if (random.nextBoolean()) {
      ByteArrayOutputStream note = new ByteArrayOutputStream();
      note.writeBytes(text("note\0\0"));
      note.writeBytes(zeros(random.nextInt(20_000_000)));
      chunk(png, "zTXt", note.toByteArray());
    }
    chunk(png, "IDAT", zeros(random.nextInt(30_000_000)));
    chunk(png, "IEND", new byte[0]);
    return png.toByteArray();
  }

  private static byte[] zeros(int count) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    Deflater fast = new Deflater(Deflater.BEST_SPEED);
    try (DeflaterOutputStream out = new DeflaterOutputStream(packed, fast)) {
      byte[] some = new byte[1 << 16];
      for (int left = count; left > 0; left -= some.length) {
        out.write(some, 0, Math.min(left, some.length));
      }
    } catch (IOException e) {
      throw new IllegalStateException("compressing in memory cannot fail", e);
    } finally {
      fast.end();
    }
    return packed.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream png, String kind, byte[] content) {
    CRC32 sum = new CRC32();
    byte[] name = text(kind);
    sum.update(name);
    sum.update(content);
    png.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
    png.writeBytes(name);
    png.writeBytes(content);
    png.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }

  private byte[] manyScans() {
    return JpegScans.repeat(one(List.of(images.get(1), progressive)), random.nextInt(2000));
  }

  // ---- Headers

  private byte[] request(String head, byte[] body) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(head.getBytes(StandardCharsets.UTF_8));
    request.writeBytes(body);
    return request.toByteArray();
  }

  private String host() {
    return "Host: " + server.getAuthority() + "\r\n";
  }

  private byte[] wrongLength() {
    byte[] body = image();
    List<String> lengths =
        List.of(
            "Content-Length: " + (body.length + 1 + random.nextInt(1000)),
            "Content-Length: " + random.nextInt(body.length),
            "Content-Length: -1",
            "Content-Length: many",
            "Content-Length: 99999999999999999999",
            "Content-Length: 8388609",
            "Content-Length: " + body.length + "\r\nContent-Length: 7",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: " + body.length,
            "Transfer-Encoding: gzip",
            "Content-Encoding: gzip\r\nContent-Length: " + body.length,
            "Expect: 100-continue\r\nContent-Length: " + (body.length + 1));
    return request("POST " + PREDICT + " HTTP/1.1\r\n" + host() + one(lengths) + "\r\n\r\n", body);
  }

  private byte[] wrongHeader() {
    List<String> fields =
        List.of(
            host(),
            host() + host(),
            "",
            "Host: evil.example\r\n",
            "Host:\r\n",
            host() + "Origin: http://evil.example\r\n",
            host() + "Origin: null\r\n",
            host() + "X: " + "a".repeat(20_000) + "\r\n",
            host() + "a:b\r\n".repeat(500),
            host() + "no colon\r\n",
            host() + " folded: x\r\n",
            host() + "X: \u0000\r\n",
            host() + "Cookie: \"=;=\"\r\n",
            host() + "Content-Type: /\r\nContent-Length: 2\r\n",
            host() + "Range: bytes=9-1\r\n",
            host() + "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    String version = one(List.of("HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "HTTP/2.0", "", "X"));
    return request(
        one(METHODS) + " " + one(PATHS) + " " + version + "\r\n" + one(fields) + "\r\n",
        noise(random.nextInt(4)));
  }
}
