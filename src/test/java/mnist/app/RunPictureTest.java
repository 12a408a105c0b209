package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import mnist.SmallRun;
import mnist.SpecialFile;
import mnist.TestData;
import mnist.app.Program.Run;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mnist.app.RunPicture}, with a short run. */
class RunPictureTest {
  @TempDir static Path trained;
  private static Path original;

  @TempDir Path folder;
  private Path run;

  @BeforeAll
  static void train() throws Exception {
    original = SmallRun.in(trained.resolve("run"));
  }

  @BeforeEach
  void copy() throws IOException {
    run = Files.createDirectory(folder.resolve("run"));
    for (String file : new String[] {"run.json", "view.record"}) {
      Files.copy(original.resolve(file), run.resolve(file));
    }
  }

  private static Run picture(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = RunPicture.run(new PrintStream(out, true), new PrintStream(err, true), args);
    return new Run(exitCode, out.toString(), err.toString());
  }

  private static BufferedImage read(Path file) throws IOException {
    return ImageIO.read(file.toFile());
  }

  private static int[] pixels(Path file) throws IOException {
    BufferedImage image = read(file);
    return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
  }

  @Test
  void drawsIntoTheRunsFolderRepeatedly() throws Exception {
    Path file = run.resolve("picture.png");
    for (String iteration : new String[] {"40", "100"}) {
      Run drawn = picture(run.toString(), "--iteration=" + iteration);
      assertThat(drawn).isEqualTo(new Run(0, file + System.lineSeparator(), ""));
    }
    assertThat(read(file).getWidth()).isEqualTo(1920);
    assertThat(read(file).getHeight()).isEqualTo(1080);

    Path last = folder.resolve("last.png");
    picture(run.toString(), "--out=" + last);
    assertThat(pixels(last)).isEqualTo(pixels(file));
    for (String option : new String[] {"--iteration=40", "--close-up"}) {
      picture(run.toString(), option, "--overwrite", "--out=" + last);
      assertThat(pixels(last)).as(option).isNotEqualTo(pixels(file));
    }
  }

  @Test
  void doesNotReplaceOtherFiles() throws Exception {
    Path mine = Files.writeString(folder.resolve("mine.png"), "mine");
    assertFails("mine.png already exists; add --overwrite", "--out=" + mine);
    assertFails("is a folder", "--overwrite", "--out=" + folder);
    assertThat(mine).hasContent("mine");

    Run drawn = picture(run.toString(), "--out=" + mine, "--overwrite", "--size=640x360");
    assertThat(drawn.exitCode()).isZero();
    assertThat(read(mine).getWidth()).isEqualTo(640);
  }

  private void assertFails(String why, String... args) {
    String[] all = Arrays.copyOf(args, args.length + 1);
    all[args.length] = run.toString();
    Run failed = picture(all);
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err()).hasLineCount(1).startsWith("error: ").contains(why);
    assertThat(failed.out()).isEmpty();
  }

  @Test
  void reportsWhatIsMissing() throws Exception {
    assertFails("at most 100, where the run's record ends, found 101", "--iteration=101");

    Path record = run.resolve("view.record");
    byte[] whole = Files.readAllBytes(record);
    Files.write(record, Arrays.copyOf(whole, whole.length / 2));
    Run half = picture(run.toString());
    assertThat(half.exitCode()).isZero();
    assertThat(half.err()).hasLineCount(1).contains("truncated or damaged from byte");

    Files.write(record, Arrays.copyOf(whole, 100));
    assertFails("the run has just started");
    Files.writeString(record, "something else");
    assertFails("is not a view record");
    Files.delete(record);
    assertFails("has no view.record");
    Files.delete(run.resolve("run.json"));
    Files.delete(run.resolve("picture.png"));
    assertThat(run).isEmptyDirectory(); // nothing half-written
    Files.delete(run);
    assertFails("is not a folder, expected a run's folder");
  }

  @Test
  void drawsWithoutImagesIfTheRunsFilesAreMissing() throws Exception {
    Path with = folder.resolve("with.png");
    picture(run.toString(), "--out=" + with);
    Path json = run.resolve("run.json");
    String source = TestData.drawnDigits().source();
    String content = Files.readString(json);

    Files.writeString(json, content.replace(source, "/nowhere"));
    Run drawn = picture(run.toString());
    assertThat(drawn.exitCode()).isZero();
    assertThat(drawn.err()).hasLineCount(1).contains("images are not drawn", "/nowhere");
    assertThat(pixels(run.resolve("picture.png"))).isNotEqualTo(pixels(with));

    Files.writeString(json, content.replaceFirst("(idx3-ubyte\" : \")..", "$1xx"));
    assertThat(picture(run.toString()).err()).hasLineCount(1).contains("SHA-256 differ");
  }

  /** A smaller picture helps against a large picture only. */
  @Test
  void suggestsASmallerSizeOnlyWhereThatHelps() throws Exception {
    Run large = pictureIn("160m", "--size=9999x9999");
    assertThat(large.err())
        .contains("error: not enough memory for so large a picture")
        .contains("--size");
    SpecialFile.sparse(run.resolve("view.record"), 200_000_000);
    Run record = pictureIn("160m");
    assertThat(record.err()).contains("error: not enough memory (").doesNotContain("--size");
    SpecialFile.sparse(run.resolve("view.record"), 3_000_000_000L);
    assertFails("expected at most");
  }

  /** In a process with that much memory. */
  private Run pictureIn(String memory, String... args) throws Exception {
    List<String> all = new ArrayList<>(List.of(args));
    all.add(run.toString());
    Run ended =
        Program.end(
            folder,
            Program.start(
                folder,
                Map.of("JAVA_TOOL_OPTIONS", "-Xmx" + memory),
                List.of(),
                "app.RunPicture",
                all.toArray(String[]::new)));
    assertThat(ended.exitCode()).as(ended.err()).isEqualTo(1);
    assertThat(ended.err()).doesNotContain("\tat ");
    return ended;
  }

  @Test
  void rejectsInvalidOptions() {
    for (String wrong : new String[] {"--size=10x10", "--size=wide", "--iteration=-1", "--sise"}) {
      Run failed = picture(run.toString(), wrong);
      assertThat(failed.exitCode()).as(wrong).isEqualTo(2);
      assertThat(failed.err()).hasLineCount(2).contains("--help");
    }
  }
}
