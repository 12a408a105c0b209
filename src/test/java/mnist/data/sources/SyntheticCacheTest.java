package mnist.data.sources;

import static mnist.data.sources.IdxFolder.TEST_LABELS;
import static mnist.data.sources.IdxFolder.TRAIN_IMAGES;
import static mnist.data.sources.SmallSet.namesIn;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticCacheTest {
  private static final int TRAINING = 40;
  private static final int TEST = 15;

  @TempDir Path temporary;

  private Path data;
  private Path folder;

  @BeforeEach
  void theFolderDoesNotYetExist() {
    data = temporary.resolve("data");
    folder = data.resolve("synthetic-1");
  }

  private DataSet open() throws IOException {
    return new SyntheticCache(data, TRAINING, TEST).open();
  }

  /** Whether these are the digits that the program draws: test images follow the training's. */
  private static void assertDrawn(DataSet set) {
    assertThat(set.name()).isEqualTo("synthetic");
    assertSame(set.training(), SyntheticDigits.draw(0, TRAINING));
    assertSame(set.test(), SyntheticDigits.draw(TRAINING, TEST));
    assertThat(set.classNames()).isEqualTo(DataSet.DIGITS);
  }

  private static void assertSame(LabeledImages found, LabeledImages expected) {
    assertThat(found.pixels()).isEqualTo(expected.pixels());
    assertThat(found.labels()).isEqualTo(expected.labels());
  }

  private void assertDrawnAnew() throws IOException {
    assertDrawn(open());
    assertThat(namesIn(data)).containsExactly("synthetic-1");
    assertThat(namesIn(folder)).containsExactlyInAnyOrderElementsOf(IdxFolder.FILES);
    assertDrawn(IdxFolder.read(folder, "synthetic", DataSet.DIGITS));
  }

  @Test
  void theDigitsAreDrawnAndReadBackWithTheHashesOfTheirFiles() throws IOException {
    DataSet drawn = open();
    DataSet read = open();

    assertDrawn(drawn);
    assertDrawn(read);
    assertThat(drawn.source()).isEqualTo(folder.toString()).isEqualTo(read.source());
    assertThat(drawn.sha256()).isEqualTo(read.sha256());
    assertThat(drawn.sha256().keySet()).containsExactlyElementsOf(IdxFolder.FILES);
    for (String file : IdxFolder.FILES) {
      assertThat(drawn.sha256())
          .containsEntry(file, SmallSet.sha256(Files.readAllBytes(folder.resolve(file))));
    }
  }

  @Test
  void whatIsKeptIsReadAndNotDrawnAgain() throws IOException {
    open();
    Files.write(folder.resolve(TEST_LABELS), SmallSet.labels(TEST, new byte[TEST]));

    assertThat(open().test().labels()).containsOnly(0);
  }

  @Test
  void damagedFilesAreDrawnAnew() throws IOException {
    open();
    Path images = folder.resolve(TRAIN_IMAGES);
    Files.write(images, Arrays.copyOf(Files.readAllBytes(images), 1000));

    assertDrawnAnew();
  }

  @Test
  void aFileThatIsGoneIsDrawnAnew() throws IOException {
    open();
    Files.delete(folder.resolve(TEST_LABELS));

    assertDrawnAnew();
  }

  @Test
  void anotherNumberOfImagesIsDrawnAnew() throws IOException {
    new SyntheticCache(data, TRAINING - 1, TEST).open();
    assertDrawnAnew();

    new SyntheticCache(data, TRAINING, TEST + 1).open();
    assertDrawnAnew();
  }

  @Test
  void theDigitsAreThereEvenIfTheyCannotBeKept() throws IOException {
    Files.writeString(data, "a file in the folder's place");

    DataSet set = open();

    assertDrawn(set);
    assertThat(set.sha256()).hasSize(4);
    assertThat(namesIn(temporary)).containsExactly("data");
  }
}
