package mnist.images;

import static mnist.data.LabeledImages.PIXELS;
import static mnist.data.LabeledImages.SIDE;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import mnist.data.DataException;
import mnist.data.LabeledImages;
import mnist.data.sources.IdxFile;
import mnist.platform.ErrorMessages;
import mnist.platform.SequentialFile;

/**
 * Reads images to classify from pictures, IDX files (gzipped or plain), and JSON lines {@code
 * {"image": [[…28 numbers…] …28 rows…]}} as in the tutorial's cloud example. The format is detected
 * from the content.
 */
public final class ImageInput {
  private static final int MAX_BYTES = 256 << 20;
  private static final int MAX_LINE = 1 << 20;
  private static final int MAX_LEADING_SPACE = 1 << 16;

  /** The first line of an object that spans several: it is incomplete and has no number yet. */
  private static final Pattern MULTILINE = Pattern.compile("[^0-9]*[{\\[,]");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Receives the images as they are read. */
  public interface Listener {
    void onImage(NamedImage image);

    /**
     * Called for anything that cannot be classified.
     *
     * @param message one line: where the error is, what was found and what was expected
     */
    void onError(String message);

    /** Called when no more input is available for now; the sender may be waiting for results. */
    default void onPause() {}
  }

  private ImageInput() {}

  /** Reads a file; errors are passed to the listener. */
  public static void read(Path file, Listener listener) {
    if (Files.isDirectory(file)) {
      listener.onError(file + " is a folder, expected a file");
      return;
    }
    try (InputStream in = SequentialFile.open(file)) {
      read(in, file.toString(), listener);
    } catch (IOException e) {
      listener.onError(ErrorMessages.summarize(e));
    }
  }

  /**
   * Reads a stream to its end; JSON lines are passed on as they arrive.
   *
   * @param name of the stream, for the names of the images
   */
  public static void read(InputStream stream, String name, Listener listener) {
    BufferedInputStream in = new BufferedInputStream(stream, 1 << 16);
    try {
      skipByteOrderMark(in);
      int first = peekFirstByte(in);
      if (first < 0) {
        listener.onError(name + " is empty, expected an image");
      } else if (first == '{') {
        readJsonLines(in, name, listener);
      } else {
        byte[] content = in.readNBytes(MAX_BYTES + 1);
        if (content.length > MAX_BYTES) {
          throw new DataException("%s is larger than %d MB".formatted(name, MAX_BYTES >> 20));
        }
        if (isIdx(content)) {
          readIdx(content, name, listener);
        } else {
          List<String> warnings = new ArrayList<>();
          byte[] picture = Picture.read(content, name, warnings::add);
          listener.onImage(new NamedImage(name, LabeledImages.normalize(picture), warnings));
        }
      }
    } catch (DataException e) {
      listener.onError(e.getMessage());
    } catch (IOException e) {
      listener.onError("%s cannot be read: %s".formatted(name, ErrorMessages.summarize(e)));
    } catch (OutOfMemoryError e) {
      listener.onError(name + " is too large for the memory that Java may use");
    }
  }

  /** Some editors write one at the beginning of text files. */
  private static void skipByteOrderMark(BufferedInputStream in) throws IOException {
    in.mark(3);
    if (in.read() != 0xef || in.read() != 0xbb || in.read() != 0xbf) {
      in.reset();
    }
  }

  /** The first byte that is not white space, −1 if there is none; consumes nothing. */
  private static int peekFirstByte(BufferedInputStream in) throws IOException {
    in.mark(MAX_LEADING_SPACE);
    int first = in.read();
    for (int read = 1; Character.isWhitespace(first) && read < MAX_LEADING_SPACE; read++) {
      first = in.read();
    }
    in.reset();
    return first;
  }

  // ---- IDX

  /**
   * Whether content starts like an IDX file, gzipped or plain.
   *
   * @param start at least the first 4 bytes
   */
  public static boolean isIdx(byte[] start) {
    return start.length >= 4
        && (start[0] == 0x1f && start[1] == (byte) 0x8b // gzip
            // Two zeros, a code of the type, the number of dimensions; HEIC begins with zeros too.
            || start[0] == 0 && start[1] == 0 && start[2] >= 0x08 && start[2] <= 0x0e);
  }

  /** Whether all pixels are equal. */
  public static boolean isBlank(byte[] pixels) {
    return IntStream.range(1, pixels.length).allMatch(i -> pixels[i] == pixels[0]);
  }

  private static void readIdx(byte[] content, String name, Listener listener) throws IOException {
    byte[] pixels = IdxFile.readImages(content, name).content();
    if (pixels.length == 0) {
      throw new DataException(name + " contains no images");
    }
    for (int i = 0; i < pixels.length / PIXELS; i++) {
      String location = name + "[" + i + "]";
      byte[] image = Arrays.copyOfRange(pixels, i * PIXELS, (i + 1) * PIXELS);
      if (isBlank(image)) {
        listener.onError(location + ": the image is blank");
      } else {
        listener.onImage(new NamedImage(location, LabeledImages.normalize(image)));
      }
    }
  }

  // ---- JSON lines

  private static void readJsonLines(BufferedInputStream in, String name, Listener listener)
      throws IOException {
    int number = 0;
    for (byte[] line = nextLine(in); line != null; line = nextLine(in)) {
      String location = name + ":" + ++number;
      if (line.length > MAX_LINE) {
        listener.onError("%s is longer than %d kB".formatted(location, MAX_LINE >> 10));
        continue;
      }
      String text =
          new String(line, StandardCharsets.UTF_8); // given bytes, Jackson might guess UTF-16
      if (number == 1 && MULTILINE.matcher(text.strip()).matches()) {
        throw new DataException(
            location + " continues on the next line, expected one object per line");
      }
      if (!text.isBlank()) {
        try {
          listener.onImage(new NamedImage(location, parse(text, location)));
        } catch (DataException e) {
          listener.onError(e.getMessage());
        }
      }
      if (in.available() == 0) {
        listener.onPause();
      }
    }
  }

  /** The bytes up to the next line break, truncated if the line is too long; null at the end. */
  private static byte[] nextLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (line.size() <= MAX_LINE) {
        line.write(next);
      }
    }
    return line.toByteArray();
  }

  private static float[] parse(String line, String location) throws DataException {
    JsonNode image;
    try {
      image = JSON.readTree(line).path("image");
    } catch (MismatchedInputException e) {
      throw new DataException(
          location + " continues after its JSON object, expected one per line", e);
    } catch (JsonProcessingException e) {
      throw new DataException(
          "%s is not valid JSON (%s)"
              .formatted(
                  location, e.getOriginalMessage().replaceAll("(?s)( \\(start marker|\n).*", "")),
          e);
    }
    if (image.isMissingNode()) {
      throw new DataException(location + " has no \"image\", expected {\"image\": [[…28…] …28…]}");
    }
    float[] pixels = new float[PIXELS];
    checkLength(image, "rows", location);
    for (int y = 0; y < SIDE; y++) {
      checkLength(image.get(y), "numbers in row " + y, location);
      for (int x = 0; x < SIDE; x++) {
        JsonNode pixel = image.get(y).get(x);
        // TensorFlow Serving's form is [28][28][1].
        pixels[y * SIDE + x] =
            number(pixel.isArray() && pixel.size() == 1 ? pixel.get(0) : pixel, location);
      }
    }
    return scaled(pixels, location);
  }

  private static void checkLength(JsonNode array, String what, String location)
      throws DataException {
    if (!array.isArray() || array.size() != SIDE) {
      throw new DataException(
          "%s: the image has %s %s, expected %d"
              .formatted(location, array.isArray() ? array.size() : "no", what, SIDE));
    }
  }

  private static float number(JsonNode pixel, String location) throws DataException {
    double value = pixel.isNumber() ? pixel.asDouble() : Double.NaN;
    if (!(value >= 0 && value <= 255)) {
      throw new DataException(
          "%s: the image contains %s, expected numbers 0..1 or 0..255"
              .formatted(location, abbreviate(pixel.toString())));
    }
    return (float) value;
  }

  private static String abbreviate(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  /** Leaves values 0..1 unchanged; divides by 256 if any is above 1. */
  private static float[] scaled(float[] pixels, String location) throws DataException {
    if (new GrayImage(SIDE, SIDE, pixels).contrast() == 0) {
      throw new DataException(location + ": the image is blank");
    }
    float max = 0;
    for (float pixel : pixels) {
      max = Math.max(max, pixel);
    }
    for (int i = 0; max > 1 && i < pixels.length; i++) {
      pixels[i] /= 256f;
    }
    return pixels;
  }
}
