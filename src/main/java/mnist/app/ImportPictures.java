package mnist.app;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import mnist.console.CommandLines;
import mnist.data.DataException;
import mnist.data.LabeledImages;
import mnist.data.sources.IdxFolder;
import mnist.images.Picture;
import mnist.platform.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns pictures, sorted into a folder for each digit, into a data set in MNIST's format. */
@Command(
    name = "java -jar mnist.jar import",
    description =
        "Converts pictures to a data set for --data. They are brought to the form of MNIST's images,"
            + " as predict does.")
public final class ImportPictures implements Callable<Integer> {
  /** Of the pictures of a digit, one in so many is for testing, as in MNIST. */
  private static final int TEST_SHARE = 7;

  private final PrintStream out;
  private final PrintStream err;

  @Parameters(
      paramLabel = "DIR",
      description = "Folder with a folder for each digit, 0 to 9, which contains its pictures.")
  private Path pictures;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder for the four IDX files; must not exist.")
  private Path target;

  /** The images and labels of a split. */
  private static final class Images {
    final ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    final ByteArrayOutputStream labels = new ByteArrayOutputStream();

    void add(byte[] image, int label) {
      pixels.writeBytes(image);
      labels.write(label);
    }

    LabeledImages get() {
      return new LabeledImages(pixels.toByteArray(), labels.toByteArray());
    }
  }

  private ImportPictures(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(run(System.out, System.err, args));
  }

  /** Runs the program in this process; returns its exit code. */
  static int run(PrintStream out, PrintStream err, String... args) {
    return CommandLines.create(new ImportPictures(out, err), out, err).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    if (Files.exists(target)) {
      throw new IOException(target + " already exists and is not overwritten");
    }
    Images training = new Images();
    Images test = new Images();
    boolean allRead = true;
    for (int digit = 0; digit < LabeledImages.CLASSES; digit++) {
      int count = 0;
      for (Path file : files(pictures.resolve(Integer.toString(digit)))) {
        try {
          byte[] image = Picture.read(file, warning -> err.println(file + ": " + warning));
          (++count % TEST_SHARE == 0 ? test : training).add(image, digit);
        } catch (IOException e) {
          err.println(e.getMessage());
          allRead = false;
        }
      }
    }
    try (AtomicFile folder = AtomicFile.of(target)) {
      IdxFolder.write(Files.createDirectory(folder.path()), training.get(), test.get());
      folder.create();
    }
    out.printf(
        "%s: %d training images, %d test images%n",
        target, training.get().count(), test.get().count());
    return allRead ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new DataException(
          folder + " is missing; expected a folder for each digit, 0 to 9, with its pictures");
    }
    try (Stream<Path> content = Files.list(folder)) {
      List<Path> files = content.filter(file -> !Predict.isHidden(file)).sorted().toList();
      if (files.size() < TEST_SHARE) {
        throw new DataException(
            "%s contains %d pictures, expected at least %d, of which one is for testing"
                .formatted(folder, files.size(), TEST_SHARE));
      }
      return files;
    }
  }
}
