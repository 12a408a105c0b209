package mnist.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import javax.imageio.ImageIO;
import mnist.app.Program.Run;
import mnist.data.DataSet;
import mnist.data.sources.DataListener;
import mnist.data.sources.DataSets;
import mnist.data.sources.DataSource;
import mnist.images.Picture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportPicturesTest {
  private static final int PICTURES = 7; // of each digit

  @TempDir Path temporary;
  private Path pictures;
  private Path target;

  @BeforeEach
  void draw() throws IOException {
    pictures = temporary.resolve("pictures");
    target = temporary.resolve("set");
    for (int digit = 0; digit < 10; digit++) {
      Path folder = Files.createDirectories(pictures.resolve(Integer.toString(digit)));
      Files.write(folder.resolve("._1.png"), new byte[] {1}); // a Mac's
      for (int i = 0; i < PICTURES; i++) {
        BufferedImage picture = new BufferedImage(60, 80, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 60, 80);
        graphics.setColor(Color.BLACK);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 36 + 3 * i));
        graphics.drawString(Integer.toString(digit), 15, 60);
        graphics.dispose();
        ImageIO.write(picture, "png", folder.resolve(i + ".png").toFile());
      }
    }
  }

  private Run run() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        ImportPictures.run(
            new PrintStream(out, true),
            new PrintStream(err, true),
            "--out=" + target,
            pictures.toString());
    return new Run(exitCode, out.toString(), err.toString());
  }

  private DataSet imported() throws IOException {
    return DataSets.ofThisProject(new DataListener() {}).open(DataSource.AUTO, Optional.of(target));
  }

  @Test
  void makesADataSetOfTheFormThatPredictReads() throws IOException {
    Run run = run();
    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("60 training images, 10 test images");

    DataSet data = imported();
    assertThat(data.test().labels()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(data.training().count()).isEqualTo(60);
    byte[] last = Arrays.copyOfRange(data.test().pixels(), 9 * 784, 10 * 784);
    assertThat(last).isEqualTo(Picture.read(pictures.resolve("9/6.png")));
  }

  @Test
  void reportsWhatItCannotReadAndGoesOn() throws IOException {
    Files.writeString(pictures.resolve("4/2.png"), "no picture");
    Run run = run();
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("4/2.png").hasLineCount(1);
    assertThat(imported().training().count()).isEqualTo(60);
    assertThat(imported().test().count()).isEqualTo(9);
  }

  @Test
  void leavesNothingIfADigitIsMissing() throws IOException {
    for (int i = 0; i < PICTURES; i++) {
      Files.delete(pictures.resolve("3/" + i + ".png"));
    }
    Run run = run();
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("contains 0 pictures, expected at least 7").hasLineCount(1);
    assertThat(target).doesNotExist();
  }

  @Test
  void replacesNothing() throws IOException {
    Files.createDirectory(target);
    Run run = run();
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("set already exists").hasLineCount(1);
    assertThat(target).isEmptyDirectory();
  }
}
