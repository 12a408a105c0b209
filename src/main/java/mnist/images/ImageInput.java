package mnist.images;

import static mnist.data.LabelledImages.PIXELS;
import static mnist.data.LabelledImages.SIDE;

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
import java.util.Arrays;
import java.util.regex.Pattern;
import mnist.data.DataException;
import mnist.data.LabelledImages;
import mnist.data.sources.IdxFile;
import mnist.platform.ErrorMessages;

/**
 * Reads images that are to be recognised from pictures, IDX files (gzipped or plain), and JSON
 * lines {@code {"image": [[…28 numbers…] …28 rows…]}} as in the tutorial's cloud example. Which of
 * them it is, the content tells.
 */
public final class ImageInput {
  private static final int MOST_BYTES = 256 << 20;
  private static final int LONGEST_LINE = 1 << 20;
  private static final int MOST_BLANKS = 1 << 16;

  /** The first line of an object that is spread over several: it opens, and has no number yet. */
  private static final Pattern SPREAD = Pattern.compile("[^0-9]*[{\\[,]");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Is given the images as they are read. */
  public interface Listener {
    /** An image. */
    void image(NamedImage image);

    /**
     * Something that is no image, or not one that can be recognised.
     *
     * @param reason one line: what was found where, and what was expected
     */
    void refused(String reason);

    /** For now there is no more; whoever sends it may wait for the answer. */
    default void pause() {}
  }

  private ImageInput() {}

  /** Reads a file; whatever is wrong with it goes to {@code listener}. */
  public static void read(Path file, Listener listener) {
    if (Files.isDirectory(file)) {
      listener.refused(file + " is a folder, expected a file");
      return;
    }
    try (InputStream in = Files.newInputStream(file)) {
      read(in, file.toString(), listener);
    } catch (IOException e) {
      listener.refused(ErrorMessages.summarize(e));
    }
  }

  /**
   * Reads a stream to its end; JSON lines are handed on as they come.
   *
   * @param name what the images are called by
   */
  public static void read(InputStream stream, String name, Listener listener) {
    BufferedInputStream in = new BufferedInputStream(stream, 1 << 16);
    try {
      skipByteOrderMark(in);
      int first = firstByte(in);
      if (first < 0) {
        listener.refused(name + " is empty, expected an image");
      } else if (first == '{') {
        readJsonLines(in, name, listener);
      } else {
        byte[] content = in.readNBytes(MOST_BYTES + 1);
        if (content.length > MOST_BYTES) {
          throw new DataException(
              "%s has more than %d MB, expected less".formatted(name, MOST_BYTES >> 20));
        }
        if (isIdx(content)) {
          readIdx(content, name, listener);
        } else {
          byte[] picture = Picture.read(content, name);
          listener.image(new NamedImage(name, LabelledImages.grey(picture)));
        }
      }
    } catch (DataException e) {
      listener.refused(e.getMessage());
    } catch (IOException e) {
      listener.refused("%s cannot be read: %s".formatted(name, ErrorMessages.summarize(e)));
    } catch (OutOfMemoryError e) {
      listener.refused(name + " is too large for the memory that Java may use");
    }
  }

  /**
   * Reads an IDX file of labels.
   *
   * @return classes 0..9
   * @throws DataException if the file is anything else
   */
  public static byte[] labels(Path file) throws IOException {
    return IdxFile.readLabels(file).content();
  }

  /** Some editors begin text with one. */
  private static void skipByteOrderMark(BufferedInputStream in) throws IOException {
    in.mark(3);
    if (in.read() != 0xef || in.read() != 0xbb || in.read() != 0xbf) {
      in.reset();
    }
  }

  /** The first byte that is no white space, −1 if there is none; nothing is consumed. */
  private static int firstByte(BufferedInputStream in) throws IOException {
    in.mark(MOST_BLANKS);
    int first = in.read();
    for (int read = 1; Character.isWhitespace(first) && read < MOST_BLANKS; read++) {
      first = in.read();
    }
    in.reset();
    return first;
  }

  // ---- IDX

  private static boolean isIdx(byte[] content) {
    return content.length >= 2
        && (content[0] == 0x1f && content[1] == (byte) 0x8b // gzip
            || content[0] == 0 && content[1] == 0);
  }

  private static void readIdx(byte[] content, String name, Listener listener) throws IOException {
    byte[] pixels = IdxFile.readImages(content, name).content();
    if (pixels.length == 0) {
      throw new DataException(name + " holds no images");
    }
    for (int i = 0; i < pixels.length / PIXELS; i++) {
      String place = name + "[" + i + "]";
      float[] grey = LabelledImages.grey(Arrays.copyOfRange(pixels, i * PIXELS, (i + 1) * PIXELS));
      if (isBlank(grey)) {
        listener.refused(place + ": the image is blank");
      } else {
        listener.image(new NamedImage(place, grey));
      }
    }
  }

  // ---- JSON lines

  private static void readJsonLines(BufferedInputStream in, String name, Listener listener)
      throws IOException {
    int number = 0;
    for (byte[] line = nextLine(in); line != null; line = nextLine(in)) {
      String place = name + ":" + ++number;
      if (line.length > LONGEST_LINE) {
        listener.refused(
            "%s has more than %d kB, expected less".formatted(place, LONGEST_LINE >> 10));
        continue;
      }
      String text = new String(line, StandardCharsets.UTF_8); // of bytes Jackson would guess UTF-16
      if (number == 1 && SPREAD.matcher(text.strip()).matches()) {
        throw new DataException(place + " goes on in the next line, expected one object a line");
      }
      if (!text.isBlank()) {
        try {
          listener.image(new NamedImage(place, parse(text, place)));
        } catch (DataException e) {
          listener.refused(e.getMessage());
        }
      }
      if (in.available() == 0) {
        listener.pause();
      }
    }
  }

  /** The bytes up to the next line end, cut off soon after the longest line; null at the end. */
  private static byte[] nextLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (line.size() <= LONGEST_LINE) {
        line.write(next);
      }
    }
    return line.toByteArray();
  }

  private static float[] parse(String line, String place) throws DataException {
    JsonNode image;
    try {
      image = JSON.readTree(line).path("image");
    } catch (MismatchedInputException e) {
      throw new DataException(place + " goes on behind its JSON object, expected one a line", e);
    } catch (JsonProcessingException e) {
      throw new DataException(
          "%s is no JSON (%s)"
              .formatted(
                  place, e.getOriginalMessage().replaceAll("(?s)( \\(start marker|\n).*", "")),
          e);
    }
    if (image.isMissingNode()) {
      throw new DataException(place + " has no \"image\", expected {\"image\": [[…28…] …28…]}");
    }
    float[] pixels = new float[PIXELS];
    refuseOtherShape(image, "rows", place);
    for (int y = 0; y < SIDE; y++) {
      refuseOtherShape(image.get(y), "numbers in row " + y, place);
      for (int x = 0; x < SIDE; x++) {
        JsonNode pixel = image.get(y).get(x);
        // Serving systems have [28][28][1].
        pixels[y * SIDE + x] =
            number(pixel.isArray() && pixel.size() == 1 ? pixel.get(0) : pixel, place);
      }
    }
    return scaled(pixels, place);
  }

  private static void refuseOtherShape(JsonNode node, String what, String place)
      throws DataException {
    if (!node.isArray() || node.size() != SIDE) {
      throw new DataException(
          "%s: the image has %s %s, expected %d"
              .formatted(place, node.isArray() ? node.size() : "no", what, SIDE));
    }
  }

  private static float number(JsonNode pixel, String place) throws DataException {
    double value = pixel.isNumber() ? pixel.asDouble() : Double.NaN;
    if (!(value >= 0 && value <= 255)) {
      throw new DataException(
          "%s: the image holds %s, expected numbers 0..1 or 0..255"
              .formatted(place, shortened(pixel.toString())));
    }
    return (float) value;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  /** GrayImage levels 0..1 stay as they are; if any is above 1 they are 0..255. */
  private static float[] scaled(float[] pixels, String place) throws DataException {
    if (isBlank(pixels)) {
      throw new DataException(place + ": the image is blank");
    }
    float most = 0;
    for (float pixel : pixels) {
      most = Math.max(most, pixel);
    }
    for (int i = 0; most > 1 && i < pixels.length; i++) {
      pixels[i] /= 256f;
    }
    return pixels;
  }

  private static boolean isBlank(float[] pixels) {
    for (float pixel : pixels) {
      if (pixel != pixels[0]) {
        return false;
      }
    }
    return true;
  }
}
