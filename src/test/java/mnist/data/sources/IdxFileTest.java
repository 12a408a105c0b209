package mnist.data.sources;

import static java.util.Arrays.copyOf;
import static java.util.Arrays.copyOfRange;
import static mnist.data.sources.SmallSet.gzipped;
import static mnist.data.sources.SmallSet.images;
import static mnist.data.sources.SmallSet.labels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import mnist.NamedPipe;
import mnist.data.DataException;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
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
  void readsContentAndHashOfTheUncompressedFile(Form form) throws IOException {
    IdxFile images = IdxFile.readImages(file(form.of(IMAGES)));
    assertThat(images.content()).isEqualTo(PIXELS);
    assertThat(images.sha256()).isEqualTo(SmallSet.sha256(IMAGES));

    byte[] file = labels(4, new byte[] {0, 9, 5, 5});
    IdxFile labels = IdxFile.readLabels(file(form.of(file)));
    assertThat(labels.content()).containsExactly(0, 9, 5, 5);
    assertThat(labels.sha256()).isEqualTo(SmallSet.sha256(file));
  }

  @ParameterizedTest
  @EnumSource
  @DisabledOnOs(OS.WINDOWS)
  void readsPipes(Form form) throws Exception {
    IdxFile images = IdxFile.readImages(NamedPipe.containing(form.of(IMAGES), folder));
    assertThat(images.content()).isEqualTo(PIXELS);

    byte[] large = images(1_000_000, 28, 28, PIXELS);
    imagesRefused(NamedPipe.containing(form.of(large), folder))
        .withMessageContaining(" is truncated: expected 784000016 uncompressed");
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 17, 800})
  void readsGzipInSeveralMembersWithPadding(int first) throws IOException {
    byte[][] parts = {
      gzipped(copyOf(IMAGES, first)),
      gzipped(),
      gzipped(copyOfRange(IMAGES, first, IMAGES.length)),
      new byte[200_000]
    };
    assertThat(IdxFile.readImages(file(concat(parts))).content()).isEqualTo(PIXELS);
    parts[3] = new byte[] {0, 1};
    imagesRefused(file(concat(parts))).withMessageContaining("is a corrupt gzip file");
    parts[3] = copyOf(parts[2], parts[2].length - 1);
    imagesRefused(file(concat(parts))).withMessageContaining("more data after the 2 images");
    parts[2] = copyOf(parts[2], parts[2].length - 1);
    imagesRefused(file(concat(parts[0], parts[2]))).withMessageContaining("is truncated");
  }

  /** All fields that a header may have: extra ones, a name, a comment, a checksum. */
  @Test
  void readsAnyGzipHeader() throws IOException {
    byte[] packed = gzipped(IMAGES);
    byte[] fields = {2, 0, 7, 7, 'n', 0, 'c', 'c', 0, 1, 2};
    byte[] file = concat(copyOf(packed, 10), fields, copyOfRange(packed, 10, packed.length));
    file[3] = 2 + 4 + 8 + 16;
    assertThat(IdxFile.readImages(file(file)).content()).isEqualTo(PIXELS);
  }

  @Test
  void writesTheFormat() {
    assertThat(IdxFile.ofImages(PIXELS)).isEqualTo(IMAGES);
    assertThat(IdxFile.ofLabels(new byte[] {7, 0})).containsExactly(0, 0, 8, 1, 0, 0, 0, 2, 7, 0);
  }

  // ---- Wrong headers

  @Test
  void distinguishesImagesAndLabels() throws IOException {
    imagesRefused(file(labels(1, new byte[] {3})))
        .withMessageContainingAll(
            "starts with 0x00000801", "expected 0x00000803", "an IDX file of images");
    labelsRefused(file(IMAGES))
        .withMessageContainingAll(
            "starts with 0x00000803", "expected 0x00000801", "an IDX file of labels");
  }

  @ParameterizedTest
  @ValueSource(strings = {"32x28", "28x-1"})
  void rejectsImagesOfAnotherSize(String size) throws IOException {
    int rows = Integer.parseInt(size.split("x")[0]);
    int columns = Integer.parseInt(size.split("x")[1]);

    imagesRefused(file(images(2, rows, columns, PIXELS)))
        .withMessageContainingAll("images of " + rows + "×" + columns, "expected 28×28");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1_000_001})
  void rejectsCountsOutOfRange(int count) throws IOException {
    imagesRefused(file(images(count, 28, 28, PIXELS)))
        .withMessageContainingAll("declares " + count + " images", "expected 0 to 1000000");
  }

  @ParameterizedTest
  @EnumSource
  void allocatesNoMoreThanTheFileCanContain(Form form) throws IOException {
    Path file = file(form.of(images(1_000_000, 28, 28, PIXELS)));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();

    imagesRefused(file).withMessageContaining("is truncated");

    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(50_000_000);
  }

  // ---- Too short, too long

  @ParameterizedTest
  @EnumSource
  void rejectsTruncatedFiles(Form form) throws IOException {
    byte[] cut = copyOf(IMAGES, IMAGES.length - 1);
    imagesRefused(file(form.of(cut)))
        .withMessageContainingAll(
            "is truncated: it has " + Files.size(file(form.of(cut))) + " bytes",
            "expected " + IMAGES.length + " uncompressed; download it again");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 8, 15})
  void rejectsFilesThatEndInTheHeader(int length) throws IOException {
    imagesRefused(file(copyOf(IMAGES, length)))
        .withMessageContaining("is truncated: it has %d bytes, expected ", length);
  }

  @Test
  void rejectsTruncatedGzipFiles() throws IOException {
    byte[] packed = gzipped(IMAGES);
    for (int length : new int[] {2, 9, 10, 30, 1000, packed.length - 8, packed.length - 1}) {
      imagesRefused(file(copyOf(packed, length))).withMessageContaining("is truncated");
    }
  }

  @ParameterizedTest
  @EnumSource
  void rejectsMoreDataThanDeclared(Form form) throws IOException {
    imagesRefused(file(form.of(copyOf(IMAGES, IMAGES.length + 1))))
        .withMessageContaining("has more data after the 2 images");
  }

  // ---- Wrong content

  @Test
  void rejectsCorruptGzipFiles() throws IOException {
    byte[] wrongChecksum = gzipped(IMAGES);
    wrongChecksum[wrongChecksum.length - 8] ^= 1;
    byte[] wrongBlock = gzipped(IMAGES);
    wrongBlock[10] = 0b111; // a block type that does not exist, behind the header of ten bytes

    for (byte[] damaged : List.of(wrongChecksum, wrongBlock)) {
      imagesRefused(file(damaged))
          .withMessageContainingAll("is a corrupt gzip file", "download it again");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 255})
  void rejectsLabelsAbove9(int label) throws IOException {
    labelsRefused(file(labels(3, new byte[] {0, 9, (byte) label})))
        .withMessageContainingAll("label 2 is " + label, "expected 0 to 9");
  }

  @Test
  void rejectsAFolder() {
    labelsRefused(folder).withMessageContainingAll("is a folder", "expected an IDX file of labels");
  }
}
