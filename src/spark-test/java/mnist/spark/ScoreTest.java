package mnist.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import mnist.FewDigits;
import mnist.TestData;
import mnist.spark.ScoredImage.Predicted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares {@code mnist.spark.Score} on this machine with {@code mnist.app.Predict}. */
class ScoreTest {
  private static final Path PICTURES =
      Path.of("src", "test", "resources", "mnist", "pictures").toAbsolutePath();
  private static final int IMAGES = 10_000; // enough to be split into two tasks

  @TempDir static Path trained;
  private static Path digits;
  private static Path model;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws Exception {
    Path data = Path.of(TestData.drawnDigits().source());
    digits = data.resolve("t10k-images-idx3-ubyte");
    model = TrainedModel.in(trained, data);
  }

  private ProgramResult score(Path out, String... images) {
    return ProgramResult.run(
        Score::run,
        Stream.concat(
                Stream.of(
                    "--model", model.toString(), "--out", out.toString(), "--master", "local[2]"),
                Stream.of(images))
            .toArray(String[]::new));
  }

  private static Map<String, List<ScoredImage>> once(Map<String, ScoredImage> images) {
    Map<String, List<ScoredImage>> all = new HashMap<>();
    images.forEach((name, image) -> all.put(name, List.of(image)));
    return all;
  }

  private List<String> namesIn(Path place) throws IOException {
    try (Stream<Path> files = Files.list(place)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void scoresIdxFilesLikePredictToTheBit() throws Exception {
    Path gzipped = folder.resolve("digits.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzipped))) {
      Files.copy(digits, out);
    }
    Predicted predicted = ScoredImage.predict(folder, model, digits.toString(), gzipped.toString());
    assertThat(predicted.images()).hasSize(2 * IMAGES);

    Path out = folder.resolve("predictions");
    ProgramResult result = score(out, digits.toString(), gzipped.toString());

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("20,000 images in", "Predictions in " + out);
    assertThat(result.err()).isEmpty();
    assertThat(ScoredImage.readParquet(out).equals(once(predicted.images())))
        .isTrue(); // too many to print
  }

  @Test
  void scoresPicturesLikePredictAndReportsTheSameErrors() throws Exception {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    Path below = Files.createDirectory(pictures.resolve("50% of [them]"));
    for (String name : namesIn(PICTURES)) {
      Files.copy(PICTURES.resolve(name), (name.startsWith("1") ? below : pictures).resolve(name));
    }
    byte[] whole = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    Files.write(pictures.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2));
    Files.writeString(below.resolve("text.png"), "hello");
    Files.createFile(pictures.resolve("empty.png"));
    Predicted predicted = ScoredImage.predict(folder, model, pictures.toString(), below.toString());

    Path out = folder.resolve("predictions");
    ProgramResult result = score(out, pictures.toString());

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("3 of them could not be classified");
    Map<String, List<ScoredImage>> images = new HashMap<>(ScoredImage.readParquet(out));
    List<String> errors = new ArrayList<>();
    for (Path broken :
        List.of(
            pictures.resolve("cut.png"),
            below.resolve("text.png"),
            pictures.resolve("empty.png"))) {
      ScoredImage image = images.remove(broken.toString()).get(0);
      assertThat(image.best()).isNull();
      assertThat(image.probabilities()).isNull();
      errors.add(image.error());
    }
    assertThat(errors).containsExactlyInAnyOrderElementsOf(predicted.errors());
    assertThat(images).isEqualTo(once(predicted.images()));
  }

  @Test
  void leavesOutHiddenFilesThatAreNotNamed() throws Exception {
    Path picture = PICTURES.resolve("0-paint.png");
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    Path hiddenFolder = Files.createDirectory(pictures.resolve(".thumbnails"));
    Files.copy(picture, hiddenFolder.resolve("a.png"));
    Files.writeString(pictures.resolve("._b.png"), "what a Mac leaves on other disks");
    Path plain = Files.copy(picture, pictures.resolve("_b.png"));
    Path named = Files.copy(picture, folder.resolve(".c.png"));

    Path out = folder.resolve("predictions");
    ProgramResult result = score(out, pictures.toString(), named.toString());

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(ScoredImage.readParquet(out)).containsOnlyKeys(plain.toString(), named.toString());

    ProgramResult none =
        score(folder.resolve("none"), Files.createTempDirectory(folder, "").toString());
    assertThat(none.exitCode()).isEqualTo(1);
    assertThat(none.err()).contains("is empty or has hidden files only").hasLineCount(1);
  }

  @Test
  void readsParquetWithPicturesAndPixelValues() throws Exception {
    Path picture = PICTURES.resolve("7-transparent.png");
    Path few = FewDigits.writeTo(folder.resolve("few")).resolve("t10k-images-idx3-ubyte");
    byte[] pixels = Arrays.copyOfRange(Files.readAllBytes(few), 16, 16 + 784);
    Path table = folder.resolve("table");
    try (SparkSession spark = ScoredImage.local()) {
      spark
          .createDataFrame(
              List.<Row>of(
                  RowFactory.create("a picture", Files.readAllBytes(picture)),
                  RowFactory.create("pixel values", pixels),
                  RowFactory.create("nothing", null),
                  RowFactory.create("no image", new byte[] {'x', 'y'})),
              new StructType()
                  .add("about", DataTypes.StringType)
                  .add("image", DataTypes.BinaryType))
          .coalesce(1)
          .write()
          .parquet(table.toString());
    }
    Map<String, ScoredImage> predicted =
        ScoredImage.predict(folder, model, picture.toString(), few.toString()).images();

    Path out = folder.resolve("predictions");
    ProgramResult result = score(out, table.toString());

    assertThat(result.exitCode()).as(result.err()).isZero();
    String file =
        table
            .resolve(
                namesIn(table).stream().filter(name -> name.endsWith(".parquet")).findAny().get())
            .toString();
    Map<String, List<ScoredImage>> images = ScoredImage.readParquet(out);
    assertThat(images)
        .containsOnlyKeys(file + "[0]", file + "[1]", file + "[2]", file + "[3]")
        .containsEntry(file + "[0]", List.of(predicted.get(picture.toString())))
        .containsEntry(file + "[1]", List.of(predicted.get(few + "[0]")));
    assertThat(images.get(file + "[2]").get(0).error())
        .isEqualTo(file + "[2] is empty, expected an image");
    assertThat(images.get(file + "[3]").get(0).error()).startsWith(file + "[3] is not an image");
  }

  /** The layout of image data sets on Hugging Face. */
  @Test
  void readsPicturesInANestedColumn() throws Exception {
    byte[] picture = Files.readAllBytes(PICTURES.resolve("7-transparent.png"));
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    StructType image =
        new StructType().add("bytes", DataTypes.BinaryType).add("path", DataTypes.StringType);
    StructType layout = new StructType().add("image", image).add("label", DataTypes.LongType);
    try (SparkSession spark = ScoredImage.local()) {
      Dataset<Row> rows =
          spark.createDataFrame(
              List.of(
                  RowFactory.create(RowFactory.create(picture, null), 7L),
                  RowFactory.create(null, 0L)),
              layout);
      rows.coalesce(1).write().parquet(one.toString());
      rows.withColumn("a.b", functions.col("image.bytes"))
          .coalesce(1)
          .write()
          .parquet(two.toString());
    }

    Path out = folder.resolve("predictions");
    ProgramResult only = score(out, one.toString());
    assertThat(only.exitCode()).as(only.err()).isZero();
    assertThat(only.out()).contains("2 images in", "1 of them could not be classified");

    ProgramResult unclear = score(folder.resolve("none"), two.toString());
    assertThat(unclear.exitCode()).isEqualTo(1);
    assertThat(unclear.err())
        .contains("has the binary columns [image.bytes, a.b], expected exactly one, or --column")
        .hasLineCount(1);
    for (String column : List.of("image.bytes", "a.b")) {
      ProgramResult named =
          score(folder.resolve("in " + column), "--column=" + column, two.toString());
      assertThat(named.exitCode()).as(named.err()).isZero();
      assertThat(named.out()).contains("2 images in", "1 of them could not be classified");
    }
  }

  @Test
  void anyNameWillDoForThePredictions() throws Exception {
    Path few = FewDigits.writeTo(folder.resolve("few")).resolve("t10k-images-idx3-ubyte");
    for (String name : List.of("[a]{b,c}*?\\", "50% of {them}", "é ü")) {
      Path out = folder.resolve(name);
      ProgramResult result = score(out, few.toString());
      assertThat(result.exitCode()).as(name + ": " + result.err()).isZero();
      assertThat(result.out()).contains("500 images in", "Predictions in " + out);
      assertThat(out).isDirectory();
    }
  }

  @Test
  void reportsATruncatedIdxFileAndContinues() throws Exception {
    byte[] whole = Files.readAllBytes(digits);
    Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, 16 + 784 * 100));
    Path good = PICTURES.resolve("0-paint.png");
    Path out = folder.resolve("predictions");

    assertThat(score(out, cut.toString(), good.toString()).exitCode()).isZero();

    Map<String, List<ScoredImage>> images = ScoredImage.readParquet(out);
    assertThat(images).containsOnlyKeys(cut.toString(), good.toString());
    assertThat(images.get(cut.toString()).get(0).error())
        .isEqualTo(cut + " has 78,416 bytes, expected 7,840,016 for its 10,000 images");
  }

  @Test
  void reportsErrorsInOneLineAndLeavesNothingBehind() throws Exception {
    Path kept = Files.createDirectory(folder.resolve("kept"));
    Files.writeString(kept.resolve("file"), "good");
    ProgramResult exists = score(kept, digits.toString());
    assertThat(exists.exitCode()).isEqualTo(1);
    assertThat(exists.err())
        .isEqualTo("error: %s already exists; choose another --out%n".formatted(kept));
    assertThat(namesIn(kept)).containsExactly("file");

    String missing = folder + "/missing.idx";
    ProgramResult absent = score(folder.resolve("predictions"), digits.toString(), missing);
    assertThat(absent.exitCode()).isEqualTo(1);
    assertThat(absent.err()).isEqualTo("error: %s: no such file or folder%n".formatted(missing));
    assertThat(namesIn(folder)).containsExactly("kept");

    ProgramResult unwritable =
        score(kept.resolve("file").resolve("predictions"), digits.toString());
    assertThat(unwritable.exitCode()).isEqualTo(1);
    assertThat(unwritable.err()).startsWith("error: ").hasLineCount(1);
  }

  @Test
  void reportsAnUnreachableCluster() throws Exception {
    ProgramResult result =
        ProgramResult.run(
            Score::run,
            "--model=" + model,
            "--out=" + folder.resolve("predictions"),
            "--master=spark://127.0.0.1:1",
            digits.toString());
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .startsWith("error: cannot connect to the Spark master spark://127.0.0.1:1 (")
        .hasLineCount(1);
    assertThat(namesIn(folder)).isEmpty();
  }
}
