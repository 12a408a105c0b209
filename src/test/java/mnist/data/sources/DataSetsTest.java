package mnist.data.sources;

import static mnist.data.sources.IdxFolder.TEST_IMAGES;
import static mnist.data.sources.IdxFolder.TEST_LABELS;
import static mnist.data.sources.IdxFolder.TRAIN_IMAGES;
import static mnist.data.sources.IdxFolder.TRAIN_LABELS;
import static mnist.data.sources.SmallSet.namesIn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import mnist.data.DataException;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DataSetsTest {
  private static final SmallSet PUBLISHED = new SmallSet(1);
  private static final SmallSet OWN = new SmallSet(2);
  private static final Map<String, String> NO_VARIABLES = Map.of();

  @TempDir Path temporary;

  private final Heard heard = new Heard();
  private Path project;
  private Path system;
  private URI mirror;

  @BeforeEach
  void noMirrorAnswers() throws IOException {
    project = temporary.resolve("project");
    system = temporary.resolve("system");
    mirror = Mirror.nowhere();
  }

  private DataSet open(DataSource source, Path folder, Map<String, String> environment)
      throws IOException {
    return new DataSets(
            PUBLISHED.asMnist(mirror),
            PUBLISHED.asFashion(system, mirror),
            project,
            environment,
            new SyntheticCache(project, 40, 15),
            heard,
            true)
        .open(source, Optional.ofNullable(folder));
  }

  @Test
  void existingSetsAreFoundAndNoneIsMade() throws Exception {
    DataSets existing =
        new DataSets(
            PUBLISHED.asMnist(mirror),
            PUBLISHED.asFashion(system, mirror),
            project,
            NO_VARIABLES,
            new SyntheticCache(project, 40, 15),
            heard,
            false);
    for (DataSource source : DataSource.values()) {
      assertThatExceptionOfType(DataException.class)
          .isThrownBy(() -> existing.open(source, Optional.empty()))
          .withMessageContaining("is not in " + project)
          .withMessageContaining("make picture");
    }
    assertThat(project).doesNotExist();

    DataSet drawn = open(DataSource.SYNTHETIC, null, NO_VARIABLES);
    assertThat(existing.open(DataSource.SYNTHETIC, Optional.empty()).sha256())
        .isEqualTo(drawn.sha256());
  }

  private ThrowableAssertAlternative<DataException> refused(
      DataSource source, Path folder, Map<String, String> environment) {
    return assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> open(source, folder, environment));
  }

  private Path published(String name) throws IOException {
    return PUBLISHED.writeTo(temporary.resolve(name));
  }

  private Path own(String name) throws IOException {
    return OWN.writeTo(temporary.resolve(name));
  }

  private static Map<String, String> variable(Path folder) {
    return Map.of("MNIST_DATA", folder.toString());
  }

  // ---- Where the files are

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void theNamedFolderWinsOverTheEnvironmentsAndThatOverTheProjects(DataSource source)
      throws IOException {
    Path named = published("named");
    Path environment = published("environment");
    PUBLISHED.writeTo(project);

    assertThat(open(source, named, variable(environment)).source()).isEqualTo(named.toString());
    assertThat(open(source, null, variable(environment)).source())
        .isEqualTo(environment.toString());
    assertThat(open(source, null, Map.of("MNIST_DATA", " ")).source())
        .isEqualTo(project.toString());
    assertThat(heard.progress).isEmpty();
    assertThat(heard.notices).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void onlyWhatTheProjectLacksIsDownloaded(DataSource source) throws IOException {
    PUBLISHED.writeTo(project);
    Files.delete(project.resolve(TEST_LABELS + ".gz"));
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();

      assertThat(open(source, null, NO_VARIABLES).name()).isEqualTo("mnist");

      assertThat(good.asked()).containsExactly(TEST_LABELS + ".gz");
      assertThat(namesIn(project)).hasSize(4).contains(TEST_LABELS + ".gz");
      assertThat(heard.notices).isEmpty();
    }
  }

  @Test
  void filesMayBePlainAndHaveADotInTheirNames() throws IOException {
    Path folder = Files.createDirectories(temporary.resolve("mixed"));
    Files.write(folder.resolve("train-images.idx3-ubyte"), PUBLISHED.plain(TRAIN_IMAGES));
    Files.write(folder.resolve("train-labels-idx1-ubyte"), PUBLISHED.plain(TRAIN_LABELS));
    Files.write(folder.resolve("t10k-images.idx3-ubyte.gz"), PUBLISHED.gz(TEST_IMAGES));
    Files.write(folder.resolve("t10k-labels-idx1-ubyte.gz"), PUBLISHED.gz(TEST_LABELS));

    assertThat(open(DataSource.MNIST, folder, NO_VARIABLES).name()).isEqualTo("mnist");
  }

  @Test
  void aFolderOfAFilesNameDoesNotHideTheFileAndIsRefusedInItsPlace() throws IOException {
    Path folder = published("unpacked");
    Path dotted = folder.resolve("train-images.idx3-ubyte");
    Files.move(folder.resolve(TRAIN_IMAGES + ".gz"), dotted);
    Files.createDirectory(folder.resolve(TRAIN_IMAGES));

    assertThat(open(DataSource.MNIST, folder, NO_VARIABLES).name()).isEqualTo("mnist");

    Files.delete(dotted);
    refused(DataSource.MNIST, folder, NO_VARIABLES)
        .withMessageContaining(
            folder.resolve(TRAIN_IMAGES) + " is a folder, expected an IDX file of images");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST", "FASHION_MNIST"})
  void rejectsAnIncompleteFolderAndDownloadsNothingIntoIt(DataSource source) throws IOException {
    Path named = published("named");
    Files.delete(named.resolve(TRAIN_LABELS + ".gz"));
    Files.delete(named.resolve(TEST_IMAGES + ".gz"));
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();

      refused(source, named, NO_VARIABLES)
          .withMessageContainingAll(
              named + " lacks " + TRAIN_LABELS + ", " + TEST_IMAGES,
              " (plain or .gz)",
              "the folder is set by --data or ");

      assertThat(good.asked()).isEmpty();
    }
    assertThat(namesIn(named)).hasSize(2);

    Path file = Files.writeString(temporary.resolve("file"), "text");
    refused(source, file, NO_VARIABLES)
        .withMessageContaining(file + " is not a folder, expected one with four IDX files");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void rejectsAMissingFolderInTheEnvironment(DataSource source) throws IOException {
    Path nothing = temporary.resolve("nothing");

    refused(source, null, variable(nothing))
        .withMessageContainingAll(
            nothing + " is not a folder",
            "set by --data or MNIST_DATA; leave out both to download MNIST");

    assertThat(heard.notices).isEmpty();
    assertThat(project).doesNotExist();
  }

  // ---- What is in them

  @Test
  void readsImagesLabelsAndHashes() throws IOException {
    DataSet set = open(DataSource.MNIST, published("named"), NO_VARIABLES);

    assertThat(set.training().pixels()).isEqualTo(contentOf(16, TRAIN_IMAGES));
    assertThat(set.training().labels()).isEqualTo(contentOf(8, TRAIN_LABELS));
    assertThat(set.test().pixels()).isEqualTo(contentOf(16, TEST_IMAGES));
    assertThat(set.test().labels()).isEqualTo(contentOf(8, TEST_LABELS));
    assertThat(set.classNames()).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    assertThat(set.sha256().keySet()).containsExactlyElementsOf(IdxFolder.FILES);
    assertThat(set.sha256().values()).containsExactlyElementsOf(PUBLISHED.asMnist().sha256());
  }

  private static byte[] contentOf(int header, String file) {
    byte[] content = PUBLISHED.plain(file);
    return Arrays.copyOfRange(content, header, content.length);
  }

  @Test
  void rejectsDifferentNumbersOfImagesAndLabels() throws IOException {
    Path named = own("named");
    Files.write(named.resolve(TEST_LABELS + ".gz"), SmallSet.labels(2, new byte[] {1, 2}));

    refused(DataSource.AUTO, named, NO_VARIABLES)
        .withMessageContainingAll(
            named.resolve(TEST_IMAGES + ".gz") + " contains 3 images",
            named.resolve(TEST_LABELS + ".gz") + " contains 2 labels",
            "expected equal numbers");
  }

  @Test
  void rejectsADataSetWithoutImages() throws IOException {
    Path named = own("named");
    Files.write(named.resolve(TRAIN_IMAGES + ".gz"), SmallSet.images(0, 28, 28, new byte[0]));
    Files.write(named.resolve(TRAIN_LABELS + ".gz"), SmallSet.labels(0));

    refused(DataSource.AUTO, named, NO_VARIABLES)
        .withMessageContainingAll(
            named.resolve(TRAIN_IMAGES + ".gz") + " contains no images", "expected at least one");
  }

  @Test
  void autoNamesAFolderMnistOnlyIfAllFilesAre() throws IOException {
    Path named = published("named");
    assertThat(open(DataSource.AUTO, named, NO_VARIABLES).name()).isEqualTo("mnist");

    Files.write(named.resolve(TEST_LABELS + ".gz"), OWN.gz(TEST_LABELS));
    assertThat(open(DataSource.AUTO, named, NO_VARIABLES).name()).isEqualTo("custom");
    assertThat(heard.notices).isEmpty();
  }

  /** As in EMNIST. */
  @Test
  void noticesTransposedDigits() throws IOException {
    LabeledImages upright = new SyntheticCache(project, 400, 15).open().training();
    byte[] transposed = new byte[upright.pixels().length];
    for (int i = 0; i < transposed.length; i++) {
      int pixel = i % 784;
      transposed[i - pixel + pixel % 28 * 28 + pixel / 28] = upright.pixels()[i];
    }
    LabeledImages lying = new LabeledImages(transposed, upright.labels());
    Path folder = Files.createDirectory(temporary.resolve("digits"));
    IdxFolder.write(folder, upright, upright);
    open(DataSource.AUTO, folder, NO_VARIABLES);
    assertThat(heard.notices).isEmpty();

    IdxFolder.write(folder, lying, lying);
    open(DataSource.AUTO, folder, NO_VARIABLES);
    assertThat(heard.notices).singleElement().asString().contains("transposed, as EMNIST's");
  }

  @Test
  void rejectsOtherFilesUnderThePublishedName() throws IOException {
    Path named = own("named");

    refused(DataSource.MNIST, named, NO_VARIABLES)
        .withMessageContainingAll(
            named.resolve(TRAIN_IMAGES + ".gz") + " is not the file of MNIST",
            SmallSet.sha256(OWN.plain(TRAIN_IMAGES)),
            SmallSet.sha256(PUBLISHED.plain(TRAIN_IMAGES)),
            "to use your own files, specify their folder with --data and leave out --dataset");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void rejectsWrongOrCorruptFilesInTheDataFolder(DataSource source) throws IOException {
    PUBLISHED.writeTo(project);
    Path file = project.resolve(TEST_LABELS + ".gz");
    Files.write(file, OWN.gz(TEST_LABELS));
    refused(source, null, NO_VARIABLES)
        .withMessageContainingAll(
            file + " is not the file of MNIST", "delete it to download it again");

    byte[] damaged = PUBLISHED.gz(TEST_LABELS);
    damaged[damaged.length - 8] ^= 1; // its checksum
    Files.write(file, damaged);
    refused(source, null, NO_VARIABLES)
        .withMessageContainingAll(
            file + " is a corrupt gzip file", "download it again (delete it to download it again)");

    assertThat(heard.notices).isEmpty();
    assertThat(namesIn(project)).hasSize(4);
  }

  // ---- Fashion-MNIST

  @Test
  void fashionMnistHasItsOwnVariableNameAndClasses() throws IOException {
    String folder = published("fashion").toString();
    Map<String, String> both = Map.of("FASHION_MNIST_DATA", folder, "MNIST_DATA", "/nothing");

    DataSet set = open(DataSource.FASHION_MNIST, null, both);

    assertThat(set.name()).isEqualTo("fashion-mnist");
    assertThat(set.source()).isEqualTo(folder);
    assertThat(set.classNames()).hasSize(10).startsWith("T-shirt/top").endsWith("Ankle boot");
  }

  @Test
  void fashionMnistIsReadFromTheDataFolderThenTheSystemFolder() throws IOException {
    PUBLISHED.writeTo(system);
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();
      assertThat(open(DataSource.FASHION_MNIST, null, NO_VARIABLES).source())
          .isEqualTo(system.toString());

      Path own = PUBLISHED.writeTo(project.resolve("fashion-mnist"));
      assertThat(open(DataSource.FASHION_MNIST, null, NO_VARIABLES).source())
          .isEqualTo(own.toString());
      assertThat(good.asked()).isEmpty();
    }
  }

  @Test
  void fashionMnistIsDownloadedIfTheSystemFolderIsIncomplete() throws IOException {
    PUBLISHED.writeTo(system);
    Files.delete(system.resolve(TEST_LABELS + ".gz"));
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();

      DataSet set = open(DataSource.FASHION_MNIST, null, NO_VARIABLES);

      assertThat(set.source()).isEqualTo(project.resolve("fashion-mnist").toString());
      assertThat(good.asked()).hasSize(4);
    }
    assertThat(namesIn(project)).containsExactly("fashion-mnist");
    assertThat(namesIn(system)).hasSize(3);
  }

  // ---- Synthetic digits in place of MNIST

  @Test
  void autoFallsBackToSyntheticDigitsWithANotice() throws IOException {
    DataSet set = open(DataSource.AUTO, null, NO_VARIABLES);

    assertThat(set.name()).isEqualTo("synthetic");
    assertThat(set.training().count()).isEqualTo(40);
    assertThat(set.test().count()).isEqualTo(15);
    assertThat(heard.notices)
        .singleElement()
        .asString()
        .contains("NOT MNIST", "could not be downloaded", mirror.toString());
  }

  @ParameterizedTest
  @EnumSource(names = {"MNIST", "FASHION_MNIST"})
  void noFallbackForADataSetRequestedByName(DataSource source) throws IOException {
    refused(source, null, NO_VARIABLES)
        .withMessageContainingAll(TRAIN_IMAGES + " could not be downloaded", mirror.toString());

    assertThat(heard.notices).isEmpty();
  }

  // ---- The real files

  @Test
  @EnabledIfEnvironmentVariable(named = "MNIST_DATA", matches = ".*\\S.*")
  void opensTheRealMnist() throws IOException {
    DataSet set = DataSets.ofThisProject(heard).open(DataSource.MNIST, Optional.empty());

    assertThat(set.name()).isEqualTo("mnist");
    assertThat(set.training().count()).isEqualTo(60_000);
    assertThat(set.test().count()).isEqualTo(10_000);
    assertThat(Arrays.copyOf(set.training().labels(), 5)).containsExactly(5, 0, 4, 1, 9);
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "FASHION_MNIST_DATA", matches = ".*\\S.*")
  void opensTheRealFashionMnist() throws IOException {
    DataSet set = DataSets.ofThisProject(heard).open(DataSource.FASHION_MNIST, Optional.empty());

    assertThat(set.name()).isEqualTo("fashion-mnist");
    assertThat(set.training().count()).isEqualTo(60_000);
    assertThat(set.test().count()).isEqualTo(10_000);
    assertThat(Arrays.copyOf(set.test().labels(), 5)).containsExactly(9, 2, 1, 1, 6);
  }
}
