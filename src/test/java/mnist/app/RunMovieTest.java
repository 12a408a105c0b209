package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import mnist.SmallRun;
import mnist.TestData;
import mnist.app.Program.Run;
import mnist.runs.ViewRecord;
import mnist.view.Dashboard;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code mnist.app.RunMovie}, with a short run. */
class RunMovieTest {
  @TempDir static Path trained;
  private static Path run;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws Exception {
    run = SmallRun.in(trained.resolve("run"));
  }

  private static Run movie(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = RunMovie.run(new PrintStream(out, true), new PrintStream(err, true), args);
    return new Run(exitCode, out.toString(), err.toString());
  }

  @Test
  void theGifHasOneFramePerIteration() throws Exception {
    Path file = folder.resolve("movie.gif");
    Run made = movie(run.toString(), "--out=" + file);
    assertThat(made.err()).isEmpty();
    assertThat(made.out()).isEqualTo(file + System.lineSeparator());

    BufferedImage canvas = new BufferedImage(960, 540, BufferedImage.TYPE_INT_RGB);
    Dashboard dashboard =
        Dashboard.of(run, ViewRecord.read(run), Optional.of(TestData.drawnDigits()), 960, 540);
    Graphics2D g = canvas.createGraphics();
    ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      reader.setInput(in);
      assertThat(reader.getNumImages(true)).isEqualTo(dashboard.iterations().size()).isEqualTo(6);
      for (int i = 0; i < 6; i++) {
        IIOMetadataNode metadata =
            (IIOMetadataNode) reader.getImageMetadata(i).getAsTree("javax_imageio_gif_image_1.0");
        g.drawImage(
            reader.read(i),
            number(metadata, "ImageDescriptor", "imageLeftPosition"),
            number(metadata, "ImageDescriptor", "imageTopPosition"),
            null);
        assertThat(number(metadata, "GraphicControlExtension", "delayTime"))
            .isEqualTo(i < 5 ? 10 : 300);
        assertAlike(canvas, dashboard.draw(dashboard.iterations().get(i)));
      }
    }
  }

  private static int number(IIOMetadataNode metadata, String node, String attribute) {
    IIOMetadataNode found = (IIOMetadataNode) metadata.getElementsByTagName(node).item(0);
    return Integer.parseInt(found.getAttribute(attribute));
  }

  /** But for what 255 colours cannot show. */
  private static void assertAlike(BufferedImage one, BufferedImage other) {
    int[] differences =
        IntStream.range(0, 960 * 540)
            .map(i -> difference(one.getRGB(i % 960, i / 960), other.getRGB(i % 960, i / 960)))
            .toArray();
    assertThat(Arrays.stream(differences).average().orElseThrow()).isLessThan(1);
    assertThat(Arrays.stream(differences).max().orElseThrow()).isLessThan(64);
  }

  private static int difference(int one, int other) {
    return IntStream.of(0, 8, 16)
        .map(shift -> Math.abs((one >> shift & 255) - (other >> shift & 255)))
        .max()
        .orElseThrow();
  }

  @Test
  void theMp4HasTheLengthOfItsFrames() throws Exception {
    Path file = folder.resolve("movie.mp4");
    Run made = movie(run.toString(), "--out=" + file);
    assumeTrue(!made.err().contains("not on the PATH"), "ffmpeg is not installed here");
    assertThat(made.err()).isEmpty();
    assertThat(made.exitCode()).isZero();

    Process ffprobe =
        new ProcessBuilder(
                "ffprobe",
                "-v",
                "error",
                "-of",
                "csv=p=0",
                "-show_entries",
                "stream=codec_name,width,height,pix_fmt,duration",
                file.toString())
            .start();
    String[] found = new String(ffprobe.getInputStream().readAllBytes()).strip().split(",");
    assertThat(found).startsWith("h264", "1920", "1080", "yuv420p");
    // Five frames, and the last one for three seconds.
    assertThat(Double.parseDouble(found[4])).isEqualTo(5 / 24.0 + 3, within(0.01));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // which finds programs in other ways too
  void withoutFfmpegWritesTheGifAndAMessage() throws Exception {
    List<String> nowhere = List.of("env", "PATH=" + folder);
    Run made = Program.end(folder, Program.start(folder, nowhere, "app.RunMovie", run.toString()));
    assertThat(made.exitCode()).isZero();
    assertThat(made.out()).isEqualTo(run.resolve("movie.gif") + System.lineSeparator());
    assertThat(made.err()).hasLineCount(1).contains("ffmpeg", "not on the PATH", "apt install");
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("movie.gif")
          .doesNotContain("movie.mp4")
          .noneMatch(name -> name.startsWith("."));
    }
  }

  @Test
  void rejectsOtherFileTypes() {
    Run made = movie(run.toString(), "--out=movie.avi");
    assertThat(made.exitCode()).isEqualTo(2);
    assertThat(made.err()).hasLineCount(2).contains("must end in .gif or .mp4, found movie.avi");
  }
}
