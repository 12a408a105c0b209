package mnist.data;

import static java.util.Arrays.copyOf;
import static mnist.data.SmallSet.gzipped;
import static mnist.data.SmallSet.images;
import static mnist.data.SmallSet.labels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdxFileTest {
  private static final byte[] PIXELS = new byte[2 * 784];
  private static final byte[] IMAGES;

  static {
    new Random(1).nextBytes(PIXELS);
    IMAGES = images(2, 28, 28, PIXELS);
  }

  private enum Form {
    PLAIN,
    GZIP;

    byte[] of(byte[] content) throws IOException {
      return this == GZIP ? gzipped(content) : content;
    }
  }

  @TempDir Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("some-file"), content);
  }

  private static ThrowableAssertAlternative<DataException> imagesRefused(Path file) {
    return assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> IdxFile.readImages(file))
        .withMessageContaining(file.toString());
  }

  private static ThrowableAssertAlternative<DataException> labelsRefused(Path file) {
    return assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> IdxFile.readLabels(file))
        .withMessageContaining(file.toString());
  }

  // ---- Good files

  @ParameterizedTest
  @EnumSource
  void readsImagesAndTheHashOfTheUnpackedFile(Form form) throws IOException {
    IdxFile read = IdxFile.readImages(file(form.of(IMAGES)));

    assertThat(read.content()).isEqualTo(PIXELS);
    assertThat(read.sha256()).isEqualTo(SmallSet.sha256(IMAGES));
  }

  @ParameterizedTest
  @EnumSource
  void readsLabelsAndTheHashOfTheUnpackedFile(Form form) throws IOException {
    byte[] file = labels(4, new byte[] {0, 9, 5, 5});

    IdxFile read = IdxFile.readLabels(file(form.of(file)));

    assertThat(read.content()).containsExactly(0, 9, 5, 5);
    assertThat(read.sha256()).isEqualTo(SmallSet.sha256(file));
  }

  @ParameterizedTest
  @EnumSource
  void theContentTellsTheFormWhateverTheName(Form form) throws IOException {
    String name = form == Form.GZIP ? "images" : "images.gz";
    Path file = Files.write(folder.resolve(name), form.of(IMAGES));

    assertThat(IdxFile.readImages(file).content()).isEqualTo(PIXELS);
  }

  @Test
  void readsAFileOfNoImages() throws IOException {
    assertThat(IdxFile.readImages(file(images(0, 28, 28, new byte[0]))).content()).isEmpty();
  }

  @Test
  void writesWhatTheFormatSays() throws IOException {
    ByteArrayOutputStream images = new ByteArrayOutputStream();
    ByteArrayOutputStream labels = new ByteArrayOutputStream();

    IdxFile.writeImages(images, PIXELS);
    IdxFile.writeLabels(labels, new byte[] {7, 0});

    assertThat(images.toByteArray()).isEqualTo(IMAGES);
    assertThat(labels.toByteArray()).containsExactly(0, 0, 8, 1, 0, 0, 0, 2, 7, 0);
  }

  // ---- Wrong headers

  @ParameterizedTest
  @EnumSource
  void labelsAreNoImages(Form form) throws IOException {
    imagesRefused(file(form.of(labels(1, new byte[] {3}))))
        .withMessageContainingAll(
            "starts with 0x00000801", "expected 0x00000803", "an IDX file of images");
  }

  @ParameterizedTest
  @EnumSource
  void imagesAreNoLabels(Form form) throws IOException {
    labelsRefused(file(form.of(IMAGES)))
        .withMessageContainingAll(
            "starts with 0x00000803", "expected 0x00000801", "an IDX file of labels");
  }

  @ParameterizedTest
  @ValueSource(strings = {"32x28", "28x32", "0x28", "28x-1"})
  void imagesOfAnotherSizeAreRefused(String size) throws IOException {
    int rows = Integer.parseInt(size.split("x")[0]);
    int columns = Integer.parseInt(size.split("x")[1]);

    imagesRefused(file(images(2, rows, columns, PIXELS)))
        .withMessageContainingAll("images of " + rows + "×" + columns, "expected 28×28");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, 1_000_001, Integer.MAX_VALUE})
  void aNegativeOrAbsurdCountIsRefused(int count) throws IOException {
    imagesRefused(file(images(count, 28, 28, PIXELS)))
        .withMessageContainingAll("claims to hold " + count + " images", "expected 0 to 1000000");
    labelsRefused(file(labels(count, new byte[] {1})))
        .withMessageContainingAll("claims to hold " + count + " labels", "expected 0 to 1000000");
  }

  @ParameterizedTest
  @EnumSource
  void noMemoryIsTakenForMoreThanTheFileCanHold(Form form) throws IOException {
    Path file = file(form.of(images(1_000_000, 28, 28, PIXELS)));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();

    imagesRefused(file).withMessageContaining("is cut short");

    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(50_000_000);
  }

  // ---- Too short, too long

  @ParameterizedTest
  @EnumSource
  void fewerBytesThanAnnouncedAreRefused(Form form) throws IOException {
    byte[] cut = copyOf(IMAGES, IMAGES.length - 1);
    imagesRefused(file(form.of(cut)))
        .withMessageContainingAll(
            "is cut short: it has " + Files.size(file(form.of(cut))) + " bytes",
            "expected " + IMAGES.length + " once unpacked; fetch it again");
    labelsRefused(file(form.of(labels(3, new byte[] {1, 2}))))
        .withMessageContainingAll("is cut short", "expected 11 once unpacked; fetch it again");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7, 8, 12, 15})
  void aFileThatEndsInItsHeaderIsRefused(int length) throws IOException {
    imagesRefused(file(copyOf(IMAGES, length)))
        .withMessageContaining("is cut short: it has %d bytes, expected ", length);
    imagesRefused(file(gzipped(copyOf(IMAGES, length)))).withMessageContaining("is cut short");
  }

  @Test
  void aGzipFileThatEndsEarlyIsRefusedWhereverItEnds() throws IOException {
    byte[] packed = gzipped(IMAGES);
    for (int length = 2; length < packed.length; length += length < 40 ? 1 : 101) {
      imagesRefused(file(copyOf(packed, length))).withMessageContaining("is cut short");
    }
    imagesRefused(file(copyOf(packed, packed.length - 1))).withMessageContaining("is cut short");
  }

  @ParameterizedTest
  @EnumSource
  void moreBytesThanAnnouncedAreRefused(Form form) throws IOException {
    imagesRefused(file(form.of(copyOf(IMAGES, IMAGES.length + 1))))
        .withMessageContainingAll("goes on behind the 2 images", "expected it to end there");
    labelsRefused(file(form.of(labels(1, new byte[] {1, 2}))))
        .withMessageContainingAll("goes on behind the 1 labels", "expected it to end there");
  }

  // ---- Wrong content

  @Test
  void aGzipFileWithAWrongChecksumIsRefused() throws IOException {
    byte[] packed = gzipped(IMAGES);
    packed[packed.length - 8] ^= 1;

    imagesRefused(file(packed))
        .withMessageContainingAll("is a damaged gzip file", "fetch it again");
  }

  @Test
  void aGzipFileWithADamagedBlockIsRefused() throws IOException {
    byte[] packed = gzipped(IMAGES);
    packed[10] = 0b111; // a block type that does not exist, behind the header of ten bytes

    imagesRefused(file(packed))
        .withMessageContainingAll("is a damaged gzip file", "fetch it again");
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 128, 255})
  void aLabelAbove9IsRefused(int label) throws IOException {
    labelsRefused(file(labels(3, new byte[] {0, 9, (byte) label})))
        .withMessageContainingAll("label 2 is " + label, "expected 0 to 9");
  }

  // ---- No file to read

  @Test
  void anEmptyFileIsRefused() throws IOException {
    imagesRefused(file(new byte[0]))
        .withMessageContainingAll("is empty", "expected an IDX file of images");
  }

  @Test
  void aFolderIsRefused() {
    labelsRefused(folder).withMessageContainingAll("is a folder", "expected an IDX file of labels");
  }

  @Test
  void aFileThatDoesNotExistIsRefused() {
    imagesRefused(folder.resolve("none")).withMessageContaining("none: no such file");
  }

  @Test
  void aFileWithoutReadPermissionIsRefused() throws IOException {
    Path file = file(IMAGES);
    file.toFile().setReadable(false, false);
    assumeFalse(Files.isReadable(file), "this user may read every file");

    imagesRefused(file)
        .withMessageContainingAll("cannot be read", "expected a file that this user may read");
  }
}
