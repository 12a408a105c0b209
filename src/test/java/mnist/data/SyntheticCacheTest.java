package mnist.data;

import static mnist.data.PublishedSet.TEST_LABELS;
import static mnist.data.PublishedSet.TRAIN_IMAGES;
import static mnist.data.SmallSet.namesIn;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticCacheTest {
  private static final int TRAINING = 40;
  private static final int TEST = 15;

  @TempDir Path temporary;

  private Path data;

  @BeforeEach
  void theFolderDoesNotYetExist() {
    data = temporary.resolve("data");
  }

  private DataSet open(long seed) throws IOException {
    return new SyntheticCache(data, TRAINING, TEST).open(seed);
  }

  private static void assertDrawn(DataSet set, long seed) {
    assertThat(set.name()).isEqualTo("synthetic");
    assertSame(set.training(), SyntheticDigits.draw(seed, 0, TRAINING));
    assertSame(set.test(), SyntheticDigits.draw(seed, TRAINING, TEST));
    assertThat(set.classNames()).isEqualTo(DataSet.DIGITS);
  }

  private static void assertSame(LabelledImages found, LabelledImages expected) {
    assertThat(found.pixels()).isEqualTo(expected.pixels());
    assertThat(found.labels()).isEqualTo(expected.labels());
  }

  private void assertOnlyTheFourFiles(DataSet set) throws IOException {
    assertThat(namesIn(Path.of(set.source())))
        .containsExactlyInAnyOrderElementsOf(PublishedSet.FILES);
  }

  @Test
  void theDigitsOfASeedAreDrawnIntoAFolderNamedAfterIt() throws IOException {
    DataSet set = open(5);

    assertDrawn(set, 5);
    assertThat(set.source()).isEqualTo(data.resolve("synthetic-1-seed5").toString());
    assertOnlyTheFourFiles(set);
  }

  @Test
  void testImagesAreNotAmongTheTrainingImages() throws IOException {
    DataSet set = open(5);

    byte[] firstTest = Arrays.copyOf(set.test().pixels(), 784);
    assertThat(set.training().count()).isEqualTo(TRAINING);
    for (int i = 0; i < TRAINING; i++) {
      assertThat(Arrays.copyOfRange(set.training().pixels(), i * 784, (i + 1) * 784))
          .isNotEqualTo(firstTest);
    }
  }

  @Test
  void whatIsReadBackEqualsWhatWasDrawn() throws IOException {
    DataSet drawn = open(5);

    DataSet read = open(5);

    assertDrawn(read, 5);
    assertThat(read.source()).isEqualTo(drawn.source());
    assertThat(read.sha256()).isEqualTo(drawn.sha256());
  }

  @Test
  void theHashesAreThoseOfTheFiles() throws IOException {
    DataSet set = open(5);

    assertThat(set.sha256().keySet()).containsExactlyElementsOf(PublishedSet.FILES);
    for (String file : PublishedSet.FILES) {
      assertThat(set.sha256().get(file))
          .isEqualTo(SmallSet.sha256(Files.readAllBytes(Path.of(set.source(), file))));
    }
  }

  @Test
  void whatIsKeptIsReadAndNotDrawnAgain() throws IOException {
    Path labels = Path.of(open(5).source(), TEST_LABELS);
    byte[] marked = SmallSet.labels(TEST, new byte[TEST]);
    assertThat(Files.readAllBytes(labels)).isNotEqualTo(marked);
    Files.write(labels, marked);

    assertThat(open(5).test().labels()).containsOnly(0);
    assertThat(Files.readAllBytes(labels)).isEqualTo(marked);
  }

  @Test
  void seedsHaveFoldersOfTheirOwn() throws IOException {
    open(5);
    DataSet other = open(-6);

    assertDrawn(other, -6);
    assertDrawn(open(5), 5);
    assertThat(namesIn(data)).containsExactlyInAnyOrder("synthetic-1-seed5", "synthetic-1-seed-6");
  }

  @Test
  void damagedFilesAreDrawnAnew() throws IOException {
    Path images = Path.of(open(5).source(), TRAIN_IMAGES);
    byte[] whole = Files.readAllBytes(images);
    Files.write(images, Arrays.copyOf(whole, whole.length - 100));

    DataSet set = open(5);

    assertDrawn(set, 5);
    assertThat(Files.readAllBytes(images)).isEqualTo(whole);
    assertOnlyTheFourFiles(set);
  }

  @Test
  void anotherNumberOfImagesIsDrawnAnew() throws IOException {
    new SyntheticCache(data, TRAINING - 1, TEST).open(5);
    assertDrawn(open(5), 5);

    new SyntheticCache(data, TRAINING, TEST + 1).open(6);
    assertDrawn(open(6), 6);
  }

  @Test
  void aFileThatIsGoneIsDrawnAnew() throws IOException {
    Files.delete(Path.of(open(5).source(), TEST_LABELS));

    DataSet set = open(5);

    assertDrawn(set, 5);
    assertOnlyTheFourFiles(set);
  }

  @Test
  void theDigitsAreThereEvenIfTheyCannotBeKept() throws IOException {
    Files.writeString(data, "a file in the folder's place");

    DataSet set = open(5);

    assertDrawn(set, 5);
    assertThat(set.sha256()).hasSize(4);
    assertThat(namesIn(temporary)).containsExactly("data");
  }

  @Test
  void aFileThatCannotBeReplacedLeavesNoPart() throws IOException {
    Path folder = data.resolve("synthetic-1-seed5");
    Files.createDirectories(folder.resolve(TRAIN_IMAGES).resolve("in-the-way"));

    DataSet set = open(5);

    assertDrawn(set, 5);
    assertOnlyTheFourFiles(set);
  }
}
