package mnist.data;

import static mnist.data.PublishedSet.TEST_IMAGES;
import static mnist.data.PublishedSet.TEST_LABELS;
import static mnist.data.PublishedSet.TRAIN_IMAGES;
import static mnist.data.PublishedSet.TRAIN_LABELS;
import static mnist.data.SmallSet.namesIn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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
            new Download(Duration.ofSeconds(10), heard),
            new SyntheticCache(project, 40, 15),
            heard)
        .open(source, Optional.ofNullable(folder), 0);
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
  void theFolderThatIsNamedWinsOverTheEnvironment(DataSource source) throws IOException {
    Path named = published("named");

    DataSet set = open(source, named, variable(own("environment")));

    assertThat(set.source()).isEqualTo(named.toString());
    assertThat(set.name()).isEqualTo("mnist");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void theEnvironmentWinsOverTheProject(DataSource source) throws IOException {
    Path environment = published("environment");
    OWN.writeTo(project);

    assertThat(open(source, null, variable(environment)).source())
        .isEqualTo(environment.toString());
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void theProjectsFilesAreUsedWhereNothingElseIsNamed(DataSource source) throws IOException {
    PUBLISHED.writeTo(project);

    DataSet set = open(source, null, Map.of("MNIST_DATA", " "));

    assertThat(set.source()).isEqualTo(project.toString());
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
  void aFolderOfTheSameNameDoesNotHideAFile() throws IOException {
    Path folder = published("unpacked");
    Files.move(folder.resolve(TRAIN_IMAGES + ".gz"), folder.resolve("train-images.idx3-ubyte"));
    Files.createDirectory(folder.resolve(TRAIN_IMAGES));

    assertThat(open(DataSource.MNIST, folder, NO_VARIABLES).name()).isEqualTo("mnist");
  }

  @Test
  void aFolderInAFilesPlaceIsRefused() throws IOException {
    Path folder = published("unpacked");
    Files.delete(folder.resolve(TRAIN_IMAGES + ".gz"));
    Files.createDirectory(folder.resolve(TRAIN_IMAGES));

    refused(DataSource.MNIST, folder, NO_VARIABLES)
        .withMessageContaining(
            folder.resolve(TRAIN_IMAGES) + " is a folder, expected an IDX file of images");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "target/classes", "target/mnist.jar"})
  void theDataFolderLiesBesideTheNearestPom(String code) throws IOException {
    Path inner = Files.createDirectories(temporary.resolve("outer/inner"));
    Files.createFile(temporary.resolve("outer/pom.xml"));
    Files.createFile(inner.resolve("pom.xml"));

    assertThat(DataSets.dataAbove(inner.resolve(code))).contains(inner.resolve("data"));
  }

  @Test
  void whereNoPomIsThereIsNoProject() {
    assertThat(DataSets.dataAbove(temporary)).isEmpty();
  }

  @Test
  void thisProjectIsFoundByItsClasses() {
    assertThat(DataSets.projectData()).hasFileName("data").isAbsolute();
    assertThat(DataSets.projectData().resolveSibling("src/main/java/mnist/data")).isDirectory();
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST", "FASHION_MNIST"})
  void aNamedFolderThatLacksFilesIsRefusedAndNothingIsDownloadedIntoIt(DataSource source)
      throws IOException {
    Path named = published("named");
    Files.delete(named.resolve(TRAIN_LABELS + ".gz"));
    Files.delete(named.resolve(TEST_IMAGES + ".gz"));
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();

      refused(source, named, NO_VARIABLES)
          .withMessageContainingAll(
              named + " lacks " + TRAIN_LABELS + ", " + TEST_IMAGES,
              "expected there with or without .gz",
              "the folder is named by --data or ");

      assertThat(good.asked()).isEmpty();
    }
    assertThat(namesIn(named)).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST", "FASHION_MNIST"})
  void aNamedPathThatIsNoFolderIsRefused(DataSource source) throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "text");
    Path nothing = temporary.resolve("nothing");

    refused(source, file, NO_VARIABLES)
        .withMessageContaining(file + " is no folder, expected one with four IDX files");
    refused(source, nothing, NO_VARIABLES).withMessageContaining(nothing + " is no folder");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void aWrongFolderInTheEnvironmentIsRefusedAndNeverReplacedByDrawnDigits(DataSource source)
      throws IOException {
    Path nothing = temporary.resolve("nothing");
    Path incomplete = published("incomplete");
    Files.delete(incomplete.resolve(TEST_LABELS + ".gz"));

    String named = "named by --data or MNIST_DATA; leave both out to have MNIST downloaded";
    refused(source, null, variable(nothing))
        .withMessageContainingAll(nothing + " is no folder", named);
    refused(source, null, variable(incomplete))
        .withMessageContainingAll(incomplete + " lacks " + TEST_LABELS, named);

    assertThat(heard.notices).isEmpty();
    assertThat(project).doesNotExist();
  }

  // ---- What is in them

  @Test
  void imagesLabelsAndHashesAreThoseOfTheFiles() throws IOException {
    DataSet set = open(DataSource.MNIST, published("named"), NO_VARIABLES);

    assertThat(set.training().pixels()).isEqualTo(behind(16, TRAIN_IMAGES));
    assertThat(set.training().labels()).isEqualTo(behind(8, TRAIN_LABELS));
    assertThat(set.test().pixels()).isEqualTo(behind(16, TEST_IMAGES));
    assertThat(set.test().labels()).isEqualTo(behind(8, TEST_LABELS));
    assertThat(set.classNames()).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    assertThat(set.sha256()).isEqualTo(PUBLISHED.asMnist().sha256());
    assertThat(set.sha256().keySet()).containsExactlyElementsOf(PublishedSet.FILES);
  }

  private static byte[] behind(int header, String file) {
    byte[] content = PUBLISHED.plain(file);
    return Arrays.copyOfRange(content, header, content.length);
  }

  @Test
  void countsOfImagesAndLabelsThatDifferAreRefused() throws IOException {
    Path named = own("named");
    Files.write(named.resolve(TEST_LABELS + ".gz"), SmallSet.labels(2, new byte[] {1, 2}));

    refused(DataSource.AUTO, named, NO_VARIABLES)
        .withMessageContainingAll(
            named.resolve(TEST_IMAGES + ".gz") + " holds 3 images",
            named.resolve(TEST_LABELS + ".gz") + " 2 labels",
            "expected as many of each");
  }

  @Test
  void aSetWithoutImagesIsRefused() throws IOException {
    Path named = own("named");
    Files.write(named.resolve(TRAIN_IMAGES + ".gz"), SmallSet.images(0, 28, 28, new byte[0]));
    Files.write(named.resolve(TRAIN_LABELS + ".gz"), SmallSet.labels(0));

    refused(DataSource.AUTO, named, NO_VARIABLES)
        .withMessageContainingAll(
            named.resolve(TRAIN_IMAGES + ".gz") + " holds no images", "expected at least one");
  }

  @Test
  void autoTakesOwnFilesOfANamedFolderAndCallsThemCustom() throws IOException {
    DataSet set = open(DataSource.AUTO, own("named"), NO_VARIABLES);

    assertThat(set.name()).isEqualTo("custom");
    assertThat(set.test().count()).isEqualTo(SmallSet.TEST);
    assertThat(heard.notices).isEmpty();
  }

  @Test
  void oneForeignFileAmongThePublishedMakesASetCustom() throws IOException {
    Path named = published("named");
    Files.write(named.resolve(TEST_LABELS + ".gz"), OWN.gz(TEST_LABELS));

    assertThat(open(DataSource.AUTO, named, NO_VARIABLES).name()).isEqualTo("custom");
  }

  @Test
  void underThePublishedNameOtherFilesAreRefusedWithTheWayToUseThem() throws IOException {
    Path named = own("named");

    refused(DataSource.MNIST, named, NO_VARIABLES)
        .withMessageContainingAll(
            named.resolve(TRAIN_IMAGES + ".gz") + " is not MNIST's",
            SmallSet.sha256(OWN.plain(TRAIN_IMAGES)),
            SmallSet.sha256(PUBLISHED.plain(TRAIN_IMAGES)),
            "to use files of your own, name their folder with --data and leave out --dataset");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void otherFilesInTheProjectAreRefusedWithTheWayToReplaceThem(DataSource source)
      throws IOException {
    PUBLISHED.writeTo(project);
    Files.write(project.resolve(TEST_LABELS + ".gz"), OWN.gz(TEST_LABELS));

    refused(source, null, NO_VARIABLES)
        .withMessageContainingAll(
            project.resolve(TEST_LABELS + ".gz") + " is not MNIST's",
            "delete it and it is downloaded again");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "MNIST"})
  void aDamagedFileInTheProjectIsAnErrorAndNeverReplacedByDrawnDigits(DataSource source)
      throws IOException {
    PUBLISHED.writeTo(project);
    for (String file : new String[] {TRAIN_IMAGES, TEST_IMAGES}) { // each is read by a thread
      Path damaged = project.resolve(file + ".gz");
      byte[] content = Files.readAllBytes(damaged);
      content[content.length - 8] ^= 1; // its checksum
      Files.write(damaged, content);

      refused(source, null, NO_VARIABLES)
          .withMessageContainingAll(
              damaged.toString(),
              "is a damaged gzip file",
              "fetch it again (delete it and it is downloaded again)");

      content[content.length - 8] ^= 1;
      Files.write(damaged, content);
    }
    assertThat(heard.notices).isEmpty();
    assertThat(namesIn(project)).hasSize(4);
  }

  // ---- Fashion-MNIST

  @Test
  void fashionHasItsOwnVariableNameAndClasses() throws IOException {
    Path folder = published("fashion");
    Map<String, String> both =
        Map.of(
            "FASHION_MNIST_DATA",
            folder.toString(),
            "MNIST_DATA",
            temporary.resolve("nothing").toString());

    DataSet set = open(DataSource.FASHION_MNIST, null, both);

    assertThat(set.name()).isEqualTo("fashion-mnist");
    assertThat(set.source()).isEqualTo(folder.toString());
    assertThat(set.classNames())
        .containsExactly(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot");
  }

  @Test
  void fashionOfTheProjectWinsOverTheSystems() throws IOException {
    Path own = PUBLISHED.writeTo(project.resolve("fashion-mnist"));
    PUBLISHED.writeTo(system);

    assertThat(open(DataSource.FASHION_MNIST, null, NO_VARIABLES).source())
        .isEqualTo(own.toString());
  }

  @Test
  void fashionOfTheSystemIsUsedRatherThanDownloaded() throws IOException {
    PUBLISHED.writeTo(system);
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();

      assertThat(open(DataSource.FASHION_MNIST, null, NO_VARIABLES).source())
          .isEqualTo(system.toString());

      assertThat(good.asked()).isEmpty();
    }
  }

  @Test
  void fashionIsDownloadedIntoItsFolderWhereTheSystemsIsIncomplete() throws IOException {
    PUBLISHED.writeTo(system);
    Files.delete(system.resolve(TEST_LABELS + ".gz"));
    try (Mirror good = Mirror.of(PUBLISHED)) {
      mirror = good.address();

      DataSet set = open(DataSource.FASHION_MNIST, null, NO_VARIABLES);

      assertThat(set.name()).isEqualTo("fashion-mnist");
      assertThat(set.source()).isEqualTo(project.resolve("fashion-mnist").toString());
      assertThat(good.asked()).hasSize(4);
    }
    assertThat(namesIn(project)).containsExactly("fashion-mnist");
    assertThat(namesIn(system)).hasSize(3);
  }

  @Test
  void fashionIsNeverReplacedByDrawnDigits() throws IOException {
    refused(DataSource.FASHION_MNIST, null, NO_VARIABLES)
        .withMessageContainingAll(
            TRAIN_IMAGES + " could not be downloaded", "--data or FASHION_MNIST_DATA");

    assertThat(heard.notices).isEmpty();
  }

  @Test
  void otherFilesInFashionsFolderAreRefusedWithTheWayToReplaceThem() throws IOException {
    OWN.writeTo(project.resolve("fashion-mnist"));

    refused(DataSource.FASHION_MNIST, null, NO_VARIABLES)
        .withMessageContainingAll("is not Fashion-MNIST's", "delete it and it is downloaded again");
  }

  @Test
  void filesThatAreNotFashionAreRefusedUnderItsName() throws IOException {
    refused(DataSource.FASHION_MNIST, own("named"), NO_VARIABLES)
        .withMessageContaining("is not Fashion-MNIST's");
  }

  // ---- Drawn digits in MNIST's place

  @Test
  void autoDrawsDigitsAndSaysSoWhereMnistCannotBeHad() throws IOException {
    DataSet set = open(DataSource.AUTO, null, NO_VARIABLES);

    assertThat(set.name()).isEqualTo("synthetic");
    assertThat(set.training().count()).isEqualTo(40);
    assertThat(set.test().count()).isEqualTo(15);
    assertThat(heard.notices)
        .singleElement()
        .asString()
        .contains("NOT MNIST", "could not be downloaded", mirror.toString());
  }

  @Test
  void mnistIsNeverReplacedByDrawnDigits() throws IOException {
    refused(DataSource.MNIST, null, NO_VARIABLES)
        .withMessageContainingAll(TRAIN_IMAGES + " could not be downloaded", mirror.toString());

    assertThat(heard.notices).isEmpty();
    assertThat(namesIn(project)).isEmpty();
  }

  // ---- The real files

  @Test
  @EnabledIfEnvironmentVariable(named = "MNIST_DATA", matches = ".*\\S.*")
  void theRealMnistIsKnownByItsHashes() throws IOException {
    DataSets sets = new DataSets(project, System.getenv(), heard);

    DataSet set = sets.open(DataSource.MNIST, Optional.empty());

    assertThat(set.name()).isEqualTo("mnist");
    assertThat(set.training().count()).isEqualTo(60_000);
    assertThat(set.test().count()).isEqualTo(10_000);
    assertThat(Arrays.copyOf(set.training().labels(), 5)).containsExactly(5, 0, 4, 1, 9);
    assertThat(project).doesNotExist();
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "FASHION_MNIST_DATA", matches = ".*\\S.*")
  void theRealFashionMnistIsKnownByItsHashes() throws IOException {
    DataSets sets = new DataSets(project, System.getenv(), heard);

    DataSet set = sets.open(DataSource.FASHION_MNIST, Optional.empty(), 0);

    assertThat(set.name()).isEqualTo("fashion-mnist");
    assertThat(set.training().count()).isEqualTo(60_000);
    assertThat(set.test().count()).isEqualTo(10_000);
    assertThat(Arrays.copyOf(set.test().labels(), 5)).containsExactly(9, 2, 1, 1, 6);
    assertThat(project).doesNotExist();
  }
}
