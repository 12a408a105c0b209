package mnist.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import mnist.NamedPipe;
import mnist.data.sources.IdxFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ImageInputTest {
  private static final Path PICTURES = Path.of("src/test/resources/mnist/pictures");

  @TempDir Path folder;

  private final List<NamedImage> images = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final BlockingQueue<Integer> pauses = new LinkedBlockingQueue<>();
  private final ImageInput.Listener listener =
      new ImageInput.Listener() {
        @Override
        public void onImage(NamedImage image) {
          images.add(image);
        }

        @Override
        public void onError(String reason) {
          errors.add(reason);
        }

        @Override
        public void onPause() {
          pauses.add(images.size());
        }
      };

  private void read(byte[] content) {
    images.clear();
    errors.clear();
    ImageInput.read(new ByteArrayInputStream(content), "-", listener);
  }

  private void read(String content) {
    read(content.getBytes(UTF_8));
  }

  private void assertRead(String... names) {
    assertThat(images).extracting(NamedImage::name).containsExactly(names);
  }

  /** A line of JSON whose pixels are all 0 except number 59. */
  private static String line(String pixel) {
    List<String> row = new ArrayList<>(Collections.nCopies(28, "0"));
    List<String> rows = new ArrayList<>(Collections.nCopies(28, row.toString()));
    row.set(3, pixel);
    rows.set(2, row.toString());
    return "{\"image\": " + rows + "}";
  }

  // ---- IDX

  /** Images that are 0 except for pixel 59, which is 128, 129 … */
  private static byte[] idx(int count) {
    byte[] pixels = new byte[count * 784];
    for (int i = 0; i < count; i++) {
      pixels[i * 784 + 59] = (byte) (i + 128);
    }
    return IdxFile.ofImages(pixels);
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }

  @Test
  void readsTheImagesOfIdxFiles() throws IOException {
    byte[] content = idx(3);
    content[16 + 784 + 59] = 0;
    read(content);
    assertRead("-[0]", "-[2]");
    assertThat(images.get(1).pixels()).hasSize(784).containsOnly(0, 130 / 256f);
    assertThat(images.get(1).pixels()[59]).isEqualTo(130 / 256f);
    assertThat(errors).containsExactly("-[1]: the image is blank");
  }

  @Test
  void readsGzippedIdxFiles() throws IOException {
    Path file = Files.write(folder.resolve("any.name"), gzip(idx(2)));
    ImageInput.read(file, listener);
    assertRead(file + "[0]", file + "[1]");
  }

  @Test
  void rejectsDamagedIdxFiles() throws IOException {
    byte[] good = idx(2);
    byte[] labels = good.clone();
    labels[3] = 1;
    Map<byte[], String> reasons =
        Map.of(
            idx(0),
            "- contains no images",
            Arrays.copyOf(good, good.length - 1),
            "- is truncated",
            labels,
            "expected 0x00000803");
    reasons.forEach(
        (content, reason) -> {
          read(content);
          assertThat(errors).singleElement().asString().contains(reason);
          assertThat(images).isEmpty();
        });
  }

  // ---- JSON lines

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0.5|0.5", "1|1", "[0.25]|0.25", "255|0.99609375", "2|0.0078125"})
  void readsFloatsAndBytes(String pixel, float expected) {
    read(line(pixel));
    assertThat(images.get(0).pixels()).hasSize(784).containsOnly(0, expected);
    assertThat(images.get(0).pixels()[59]).isEqualTo(expected);
  }

  private static Stream<Arguments> rejectsInvalidLines() {
    String one = line("1");
    return Stream.of(
        Arguments.of("{\"image\":", "is not valid JSON"),
        Arguments.of(
            one.substring(0, 200),
            "is not valid JSON (Unexpected end-of-input: expected close marker for Array)"),
        Arguments.of("{\"picture\": 1}", "has no \"image\""),
        Arguments.of("{\"image\": 1}", "the image has no rows, expected 28"),
        Arguments.of("{\"image\": [[1, 2], [3, 4]]}", "the image has 2 rows, expected 28"),
        Arguments.of(
            "{\"image\": " + Collections.nCopies(28, "[1, 2]") + "}",
            "the image has 2 numbers in row 0, expected 28"),
        Arguments.of(line("NaN"), "contains \"NaN\""),
        Arguments.of(line("\"NaN\""), "contains \"NaN\""),
        Arguments.of(line("-Infinity"), "-Infinity"),
        Arguments.of(line("-0.1"), "contains -0.1"),
        Arguments.of(line("256"), "contains 256, expected numbers 0..1 or 0..255"),
        Arguments.of(line("\"" + "a".repeat(100_000) + "\""), "contains \"aaaa"),
        Arguments.of(line("[" + "1,".repeat(10_000) + "1]"), "contains [1,1,1"),
        Arguments.of(line("0"), "the image is blank"),
        Arguments.of("{" + " ".repeat(2 << 20), "is longer than 1024 kB"),
        Arguments.of("{\n  \"image\": [\n    [0, 1],\n", "continues on the next line"),
        // Otherwise the second of two would be lost.
        Arguments.of(one + one, "continues after its JSON object, expected one per line"),
        Arguments.of(one + " garbage", "is not valid JSON"),
        Arguments.of(one + "]", "is not valid JSON"));
  }

  @ParameterizedTest
  @MethodSource
  void rejectsInvalidLines(String content, String reason) {
    read(content);
    assertThat(errors).singleElement().asString().startsWith("-:1").contains(reason);
    assertThat(errors.get(0)).hasLineCount(1).hasSizeLessThan(200);
    assertThat(images).isEmpty();
  }

  @Test
  void continuesAfterAnInvalidLine() {
    String good = line("1");
    read(good + "\r\n{}\n" + good + "\n{" + " ".repeat(2 << 20) + "\n\n" + good);
    assertRead("-:1", "-:3", "-:6");
    assertThat(errors).hasSize(2);

    // Zero bytes look like UTF-16 or UTF-32.
    read(good + "\n\0\0\0{\0\0\0\n\0{\0}\n{\0}\0\n" + good);
    assertRead("-:1", "-:5");
    assertThat(errors).hasSize(3).allMatch(line -> line.contains("is not valid JSON"));

    // A truncated first line may look like an object that continues on the next.
    for (String mark : List.of("[", ",")) {
      read(good.substring(0, good.indexOf(mark, 40) + 1) + "\n" + good);
      assertRead("-:2");
      assertThat(errors).singleElement().asString().startsWith("-:1 is not valid JSON");
    }
  }

  @Test
  void skipsLeadingWhiteSpaceAndByteOrderMark() {
    read("\n\n \t" + line("1"));
    assertRead("-:3");
    read("\ufeff" + line("1"));
    assertRead("-:1");
    read("\n".repeat(100_000) + line("1"));
    assertThat(images).isEmpty();
    assertThat(errors).singleElement().asString().contains("is not an image");
  }

  /**
   * A program at the other end of a pipe may wait for a prediction before it sends the next image.
   */
  @Test
  void passesLinesOnAsTheyArrive() throws Exception {
    PipedOutputStream sender = new PipedOutputStream();
    InputStream receiver = new PipedInputStream(sender, 1 << 16);
    Thread reader = new Thread(() -> ImageInput.read(receiver, "-", listener));
    reader.start();
    for (int i = 1; i <= 3; i++) {
      sender.write((line("1") + "\n").getBytes(UTF_8));
      sender.flush();
      assertThat(pauses.poll(10, TimeUnit.SECONDS)).isEqualTo(i);
    }
    sender.close();
    reader.join(10_000);
    assertThat(reader.isAlive()).isFalse();
  }

  // ---- Pictures and other files

  @ParameterizedTest
  @CsvSource({"0-paint.png", "3-blue-ink-photo.jpg", "5-sticky-note.gif", "6-grey.bmp"})
  void readsPictures(String name) throws IOException {
    Path file = PICTURES.resolve(name);
    ImageInput.read(file, listener);
    assertThat(errors).isEmpty();
    NamedImage image = images.get(0);
    assertThat(image.name()).isEqualTo(file.toString());
    byte[] bytes = Picture.read(file);
    for (int i = 0; i < 784; i++) {
      assertThat(image.pixels()[i]).isEqualTo((bytes[i] & 0xff) / 256f);
    }
  }

  /** As with {@code predict <(cat a.png)}. */
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void readsPipes() throws Exception {
    for (byte[] content :
        List.of(
            Files.readAllBytes(PICTURES.resolve("0-paint.png")),
            idx(1),
            gzip(idx(1)),
            line("1").getBytes(UTF_8))) {
      ImageInput.read(NamedPipe.containing(content, folder), listener);
    }
    assertThat(errors).isEmpty();
    assertThat(images).hasSize(4);
  }

  @Test
  void rejectsOtherFiles() throws IOException {
    ImageInput.read(folder.resolve("nothing"), listener);
    ImageInput.read(folder, listener);
    ImageInput.read(Files.createFile(folder.resolve("empty")), listener);
    ImageInput.read(Files.writeString(folder.resolve("blank"), " \n\n "), listener);
    ImageInput.read(Files.writeString(folder.resolve("text"), "hello"), listener);
    assertThat(images).isEmpty();
    assertThat(errors)
        .extracting(line -> line.replace(folder + File.separator, ""))
        .containsExactly(
            "nothing: no such file or folder",
            folder + " is a folder, expected a file",
            "empty is empty, expected an image",
            "blank is empty, expected an image",
            "text is not an image: expected PNG, JPEG, GIF or BMP");
  }
}
