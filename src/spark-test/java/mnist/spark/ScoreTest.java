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
import mnist.spark.Answer.Predicted;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mnist.spark.Score} on this machine, held against {@code mnist.app.Predict}. */
class ScoreTest {
  private static final Path PICTURES =
      Path.of("src", "test", "resources", "mnist", "pictures").toAbsolutePath();
  private static final int IMAGES = 10_000; // so many are read in two parts

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

  private Said score(Path out, String... images) {
    return Said.by(
        ScoreCommand::run,
        Stream.concat(
                Stream.of(
                    "--model",
                    model.toString(),
                    "--out",
                    out.toString(),
                    "--master",
                    "local[2]",
                    "--"),
                Stream.of(images))
            .toArray(String[]::new));
  }

  private static Map<String, List<Answer>> once(Map<String, Answer> answers) {
    Map<String, List<Answer>> all = new HashMap<>();
    answers.forEach((name, answer) -> all.put(name, List.of(answer)));
    return all;
  }

  private List<String> leftIn(Path place) throws IOException {
    try (Stream<Path> files = Files.list(place)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void idxFilesPlainAndGzippedAsPredictToTheBit() throws Exception {
    Path gzipped = folder.resolve("digits.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzipped))) {
      Files.copy(digits, out);
    }
    Predicted predicted = Answer.byPredict(folder, model, digits.toString(), gzipped.toString());
    assertThat(predicted.answers()).hasSize(2 * IMAGES);

    Path out = folder.resolve("answers");
    Said said = score(out, digits.toString(), gzipped.toString());

    assertThat(said.exitCode()).as(said.err()).isZero();
    assertThat(said.out()).contains("20,000 images in", "Answers in " + out);
    assertThat(said.err()).isEmpty();
    assertThat(Answer.inParquet(out).equals(once(predicted.answers())))
        .isTrue(); // too many to print
  }

  @Test
  void picturesAsPredictAndBrokenOnesAsRowsWithItsReasons() throws Exception {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    Path below = Files.createDirectory(pictures.resolve("50% of [them]"));
    for (String name : leftIn(PICTURES)) {
      Files.copy(PICTURES.resolve(name), (name.startsWith("1") ? below : pictures).resolve(name));
    }
    byte[] whole = Files.readAllBytes(PICTURES.resolve("0-paint.png"));
    Files.write(pictures.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2));
    Files.writeString(below.resolve("text.png"), "hello");
    Files.createFile(pictures.resolve("empty.png"));
    Predicted predicted = Answer.byPredict(folder, model, pictures.toString(), below.toString());

    Path out = folder.resolve("answers");
    Said said = score(out, pictures.toString());

    assertThat(said.exitCode()).as(said.err()).isZero();
    assertThat(said.out()).contains("3 of them could not be recognised");
    Map<String, List<Answer>> answers = new HashMap<>(Answer.inParquet(out));
    List<String> errors = new ArrayList<>();
    for (Path broken :
        List.of(
            pictures.resolve("cut.png"),
            below.resolve("text.png"),
            pictures.resolve("empty.png"))) {
      Answer answer = answers.remove(broken.toString()).get(0);
      assertThat(answer.best()).isNull();
      assertThat(answer.probabilities()).isNull();
      errors.add(answer.error());
    }
    assertThat(errors).containsExactlyInAnyOrderElementsOf(predicted.errors());
    assertThat(answers).isEqualTo(once(predicted.answers()));
  }

  @Test
  void parquetWithPicturesAndWithGreyLevels() throws Exception {
    Path picture = PICTURES.resolve("7-transparent.png");
    Path few = FewDigits.writeTo(folder.resolve("few")).resolve("t10k-images-idx3-ubyte");
    byte[] levels = Arrays.copyOfRange(Files.readAllBytes(few), 16, 16 + 784);
    Path table = folder.resolve("table");
    try (SparkSession spark = Answer.local()) {
      spark
          .createDataFrame(
              List.<Row>of(
                  RowFactory.create("a picture", Files.readAllBytes(picture)),
                  RowFactory.create("grey levels", levels),
                  RowFactory.create("nothing", null),
                  RowFactory.create("no image", new byte[] {'x', 'y'})),
              new StructType()
                  .add("about", DataTypes.StringType)
                  .add("image", DataTypes.BinaryType))
          .coalesce(1)
          .write()
          .parquet(table.toString());
    }
    Map<String, Answer> predicted =
        Answer.byPredict(folder, model, picture.toString(), few.toString()).answers();

    Path out = folder.resolve("answers");
    Said said = score(out, table.toString());

    assertThat(said.exitCode()).as(said.err()).isZero();
    String file =
        table
            .resolve(
                leftIn(table).stream().filter(name -> name.endsWith(".parquet")).findAny().get())
            .toString();
    Map<String, List<Answer>> answers = Answer.inParquet(out);
    assertThat(answers)
        .containsOnlyKeys(file + "[0]", file + "[1]", file + "[2]", file + "[3]")
        .containsEntry(file + "[0]", List.of(predicted.get(picture.toString())))
        .containsEntry(file + "[1]", List.of(predicted.get(few + "[0]")));
    assertThat(answers.get(file + "[2]").get(0).error())
        .isEqualTo(file + "[2] is empty, expected an image");
    assertThat(answers.get(file + "[3]").get(0).error()).startsWith(file + "[3] is not an image");
  }

  @Test
  void anIdxFileThatIsCutShortIsARowAndTheRestGoesOn() throws Exception {
    byte[] whole = Files.readAllBytes(digits);
    Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, 16 + 784 * 100));
    Path good = PICTURES.resolve("0-paint.png");
    Path out = folder.resolve("answers");

    assertThat(score(out, cut.toString(), good.toString()).exitCode()).isZero();

    Map<String, List<Answer>> answers = Answer.inParquet(out);
    assertThat(answers).containsOnlyKeys(cut.toString(), good.toString());
    assertThat(answers.get(cut.toString()).get(0).error())
        .isEqualTo(cut + " has 78,416 bytes, expected 7,840,016 for its 10,000 images");
  }

  @Test
  void whatCannotBeDoneIsALineAndLeavesNothing() throws Exception {
    Path kept = Files.createDirectory(folder.resolve("kept"));
    Files.writeString(kept.resolve("file"), "good");
    Said exists = score(kept, digits.toString());
    assertThat(exists.exitCode()).isEqualTo(1);
    assertThat(exists.err())
        .isEqualTo("error: %s exists already, and is not overwritten%n".formatted(kept));
    assertThat(leftIn(kept)).containsExactly("file");

    String missing = folder + "/missing.idx";
    Said absent = score(folder.resolve("answers"), digits.toString(), missing);
    assertThat(absent.exitCode()).isEqualTo(1);
    assertThat(absent.err()).isEqualTo("error: %s: no such file or folder%n".formatted(missing));
    assertThat(leftIn(folder)).containsExactly("kept");

    Said unwritable = score(kept.resolve("file").resolve("answers"), digits.toString());
    assertThat(unwritable.exitCode()).isEqualTo(1);
    assertThat(unwritable.err()).startsWith("error: ").hasLineCount(1);
  }

  @Test
  void aClusterThatIsNotThereIsALine() throws Exception {
    Said said =
        Said.by(
            ScoreCommand::run,
            "--model=" + model,
            "--out=" + folder.resolve("answers"),
            "--master=spark://127.0.0.1:1",
            digits.toString());
    assertThat(said.exitCode()).isEqualTo(1);
    assertThat(said.err())
        .startsWith("error: nobody answers at spark://127.0.0.1:1 (")
        .hasLineCount(1);
    assertThat(leftIn(folder)).isEmpty();
  }
}
