package mnist.pictures;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import mnist.data.IdxFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageInputTest {
  private static final Path PICTURES = Path.of("src/test/resources/mnist/pictures");

  @TempDir Path folder;

  private final List<NamedImage> images = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();
  private final ImageInput.Listener listener =
      new ImageInput.Listener() {
        @Override
        public void image(NamedImage image) {
          images.add(image);
        }

        @Override
        public void refused(String reason) {
          refusals.add(reason);
        }
      };

  private void read(byte[] content) {
    ImageInput.read(new ByteArrayInputStream(content), "-", listener);
  }

  private void read(String content) {
    read(content.getBytes(UTF_8));
  }

  /** A line of JSON whose pixels all are 0 but one. */
  private static String line(String pixel) {
    List<String> row = new ArrayList<>(Collections.nCopies(28, "0"));
    String empty = row.toString();
    row.set(3, pixel);
    List<String> rows = new ArrayList<>(Collections.nCopies(28, empty));
    rows.set(2, row.toString());
    return "{\"image\": " + rows + "}";
  }

  private void assertRefused(String content, String... parts) {
    refusals.clear();
    read(content);
    assertThat(refusals).hasSize(1);
    assertThat(refusals.get(0)).startsWith("-:1").contains(parts).hasLineCount(1);
    assertThat(images).isEmpty();
  }

  // ---- IDX

  private static byte[] idx(int count) {
    byte[] pixels = new byte[count * 784];
    for (int i = 0; i < count; i++) {
      pixels[i * 784 + 59] = (byte) (i + 128);
    }
    return IdxFile.ofImages(pixels);
  }

  @Test
  void readsIdxFilesImageByImage() throws IOException {
    read(idx(3));
    assertThat(refusals).isEmpty();
    assertThat(images).extracting(NamedImage::name).containsExactly("-[0]", "-[1]", "-[2]");
    assertThat(images.get(2).pixels()).hasSize(784).containsOnly(0, 130 / 256f);
    assertThat(images.get(2).pixels()[59]).isEqualTo(130 / 256f);
  }

  @Test
  void readsGzippedIdxFiles() throws IOException {
    Path file = folder.resolve("any.name");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(idx(2));
    }
    ImageInput.read(file, listener);
    assertThat(images).extracting(NamedImage::name).containsExactly(file + "[0]", file + "[1]");
  }

  @Test
  void blankImagesOfIdxFilesAreRefused() throws IOException {
    byte[] content = idx(3);
    content[16 + 784 + 59] = 0;
    read(content);
    assertThat(images).extracting(NamedImage::name).containsExactly("-[0]", "-[2]");
    assertThat(refusals).containsExactly("-[1]: the image is blank");
    refusals.clear();
    read(idx(0));
    assertThat(refusals).containsExactly("- holds no images");
  }

  @Test
  void damagedIdxFilesAreRefused() throws IOException {
    byte[] good = idx(2);
    read(Arrays.copyOf(good, good.length - 1));
    assertThat(refusals).singleElement().asString().contains("- is cut short");
    refusals.clear();
    good[3] = 1; // labels
    read(good);
    assertThat(refusals).singleElement().asString().contains("expected 0x00000803");
    assertThat(images).isEmpty();
  }

  // ---- JSON lines

  @Test
  void readsGreyLevelsAsTheTutorialSendsThem() {
    read(line("0.5") + "\n\n" + line("1") + "\r\n");
    assertThat(refusals).isEmpty();
    assertThat(images).extracting(NamedImage::name).containsExactly("-:1", "-:3");
    assertThat(images.get(0).pixels()).hasSize(784);
    assertThat(images.get(0).pixels()[2 * 28 + 3]).isEqualTo(0.5f);
    assertThat(images.get(1).pixels()[2 * 28 + 3]).isEqualTo(1f);
    assertThat(images.get(1).pixels()[0]).isZero();
  }

  @Test
  void readsBytes() {
    read(line("255") + "\n" + line("2"));
    assertThat(images.get(0).pixels()[59]).isEqualTo(255 / 256f);
    assertThat(images.get(1).pixels()[59]).isEqualTo(2 / 256f);
  }

  @Test
  void readsPixelsInListsOfOne() {
    read(line("[0.25]"));
    assertThat(images.get(0).pixels()[59]).isEqualTo(0.25f);
  }

  @Test
  void wrongLinesAreRefused() {
    assertRefused("{\"image\":", "is no JSON");
    assertRefused("{\"picture\": 1}", "has no \"image\"");
    assertRefused("{\"image\": 1}", "the image has no rows, expected 28");
    assertRefused("{\"image\": [[1, 2], [3, 4]]}", "the image has 2 rows, expected 28");
    assertRefused(
        "{\"image\": " + Collections.nCopies(28, "[1, 2]") + "}",
        "the image has 2 numbers in row 0, expected 28");
    assertRefused(line("NaN"), "holds \"NaN\"");
    assertRefused(line("\"NaN\""), "holds \"NaN\"");
    assertRefused(line("-Infinity"), "-Infinity");
    assertRefused(line("-0.1"), "holds -0.1");
    assertRefused(line("256"), "holds 256, expected numbers 0..1 or 0..255");
    assertRefused(line("\"a\""), "holds \"a\"");
    assertRefused(line("[1, 2]"), "holds [1,2]");
    assertRefused(line("0"), "the image is blank");
    assertRefused("{" + " ".repeat(2 << 20), "has more than 1024 kB");
  }

  @Test
  void aLineThatEndsEarlyIsSaidInOneSentence() {
    read(line("1").substring(0, 200));
    assertThat(refusals)
        .containsExactly(
            "-:1 is no JSON (Unexpected end-of-input: expected close marker for Array)");
  }

  /** The second of two would be lost. */
  @Test
  void moreThanOneObjectALineIsRefused() {
    assertRefused(line("1") + line("1"), "goes on behind its JSON object, expected one a line");
    assertRefused(line("1") + " garbage", "is no JSON");
    assertRefused(line("1") + "]", "is no JSON");
  }

  @Test
  void refusalsAreShortHoweverLongTheLine() {
    assertRefused(line("\"" + "a".repeat(100_000) + "\""), "holds \"aaaa");
    assertThat(refusals.get(0)).hasSizeLessThan(120);
    assertRefused(line("[" + "1,".repeat(10_000) + "1]"), "holds [1,1,1");
    assertThat(refusals.get(0)).hasSizeLessThan(120);
  }

  /** Bytes of 0 look like UTF-16 or UTF-32. */
  @Test
  void zeroBytesDoNotStopTheLinesBehind() {
    read(line("1") + "\n\0\0\0{\0\0\0\n\0{\0}\n{\0}\0\n" + line("1"));
    assertThat(images).extracting(NamedImage::name).containsExactly("-:1", "-:5");
    assertThat(refusals).hasSize(3).allMatch(line -> line.contains("is no JSON"));
  }

  @Test
  void aFewBlanksMayComeFirst() {
    read("\n\n \t" + line("1"));
    assertThat(images).extracting(NamedImage::name).containsExactly("-:3");
    images.clear();
    read("\n".repeat(100_000) + line("1"));
    assertThat(images).isEmpty();
    assertThat(refusals).singleElement().asString().contains("is not an image");
  }

  @Test
  void anObjectOverSeveralLinesIsRefusedOnce() {
    read("{\n  \"image\": [\n    [0, 1],\n    [2, 3]\n  ]\n}\n");
    assertThat(refusals)
        .containsExactly("-:1 goes on in the next line, expected one object a line");
    assertThat(images).isEmpty();
  }

  @Test
  void aFirstLineThatIsCutShortDoesNotStopTheOthers() {
    String good = line("1");
    for (String mark : List.of("[", ",")) {
      images.clear();
      refusals.clear();
      read(good.substring(0, good.indexOf(mark, 40) + 1) + "\n" + good);
      assertThat(refusals).singleElement().asString().startsWith("-:1 is no JSON");
      assertThat(images).extracting(NamedImage::name).containsExactly("-:2");
    }
  }

  @Test
  void aByteOrderMarkIsPassedOver() {
    read("\ufeff" + line("1"));
    assertThat(refusals).isEmpty();
    assertThat(images).hasSize(1);
  }

  @Test
  void oneWrongLineDoesNotStopTheOthers() {
    read(line("1") + "\n{}\n" + line("1") + "\n{" + " ".repeat(2 << 20) + "\n" + line("1"));
    assertThat(images).extracting(NamedImage::name).containsExactly("-:1", "-:3", "-:5");
    assertThat(refusals).hasSize(2);
  }

  /** A program at the other end of a pipe may wait for an answer before it sends the next. */
  @Test
  void linesAreHandedOnAsTheyCome() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    PipedOutputStream sender = new PipedOutputStream();
    InputStream receiver = new PipedInputStream(sender, 1 << 16);
    Thread reader =
        new Thread(
            () ->
                ImageInput.read(
                    receiver,
                    "-",
                    new ImageInput.Listener() {
                      @Override
                      public void image(NamedImage image) {
                        heard.add(image.name());
                      }

                      @Override
                      public void refused(String reason) {
                        heard.add(reason);
                      }
                    }));
    reader.start();
    for (int i = 1; i <= 3; i++) {
      sender.write((line("1") + "\n").getBytes(UTF_8));
      sender.flush();
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("-:" + i);
    }
    sender.close();
    reader.join(10_000);
    assertThat(reader.isAlive()).isFalse();
  }

  // ---- Pictures, and what is none

  @ParameterizedTest
  @CsvSource({"0-paint.png", "3-blue-ink-photo.jpg", "5-sticky-note.gif", "6-grey.bmp"})
  void readsPictures(String name) throws IOException {
    Path file = PICTURES.resolve(name);
    ImageInput.read(file, listener);
    assertThat(refusals).isEmpty();
    NamedImage image = images.get(0);
    assertThat(image.name()).isEqualTo(file.toString());
    byte[] bytes = Picture.read(file);
    for (int i = 0; i < 784; i++) {
      assertThat(image.pixels()[i]).isEqualTo((bytes[i] & 0xff) / 256f);
    }
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    ImageInput.read(folder.resolve("nothing"), listener);
    ImageInput.read(folder, listener);
    ImageInput.read(Files.createFile(folder.resolve("empty")), listener);
    ImageInput.read(Files.writeString(folder.resolve("blank"), " \n\n "), listener);
    ImageInput.read(Files.writeString(folder.resolve("text"), "hello"), listener);
    assertThat(images).isEmpty();
    assertThat(
            refusals.stream()
                .map(line -> line.replace(folder + "/", ""))
                .collect(Collectors.toList()))
        .containsExactly(
            "nothing: no such file",
            folder + " is a folder, expected a file",
            "empty is empty, expected an image",
            "blank is empty, expected an image",
            "text is not an image: expected PNG, JPEG, GIF, BMP, IDX or JSON lines");
  }
}
