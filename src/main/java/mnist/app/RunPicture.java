package mnist.app;

import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import mnist.console.CommandLines;
import mnist.data.DataSet;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.view.Dashboard;
import mnist.view.Palette;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Draws a run at one iteration, in the six panels of the tutorial's window. */
@Command(
    name = "java -jar mnist.jar picture",
    description = "Draws a run at one iteration as a PNG file and prints the file's path.")
public final class RunPicture extends DrawingProgram {
  @Option(
      names = "--iteration",
      paramLabel = "N",
      description = "Iteration to draw. Default: the last one recorded")
  private Integer iteration;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      defaultValue = "1920x1080",
      converter = Size.class,
      description = "Width and height in pixels. Default: ${DEFAULT-VALUE}")
  private Dimension size;

  @Option(
      names = "--close-up",
      description =
          "For accurate networks: accuracy from 90%%, logarithmic loss, fewer and larger test"
              + " digits.")
  private boolean closeUp;

  @Option(
      names = "--palette",
      description = "Use 256 colors only, which more than halves the file size.")
  private boolean palette;

  private RunPicture(PrintStream out, PrintStream err) {
    super(out, err);
  }

  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(run(System.out, System.err, args));
  }

  /** Runs the program in this process; returns its exit code. */
  static int run(PrintStream out, PrintStream err, String... args) {
    return CommandLines.create(new RunPicture(out, err), out, err).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    if (iteration != null && iteration < 0) {
      throw new ParameterException(
          spec.commandLine(), "--iteration must be 0 or more, found " + iteration);
    }
    RunFolder run = folder();
    ViewRecord record = record(run);
    Optional<DataSet> data = data(run);
    try {
      write(run, "picture.png", file -> draw(run, record, data, file));
      return CommandLine.ExitCode.OK;
    } catch (OutOfMemoryError e) {
      throw new IOException("not enough memory for so large a picture; choose a smaller --size", e);
    }
  }

  private void draw(RunFolder run, ViewRecord record, Optional<DataSet> data, Path file)
      throws IOException {
    Dashboard dashboard = Dashboard.of(run.path(), record, data, size.width, size.height, closeUp);
    List<Integer> iterations = dashboard.iterations();
    int last = iterations.get(iterations.size() - 1);
    if (iteration != null && iteration > last) {
      throw new IOException(
          "--iteration must be at most %d, where the run's record ends, found %d"
              .formatted(last, iteration));
    }
    BufferedImage picture = dashboard.draw(iteration == null ? last : iteration);
    try (OutputStream bytes = Files.newOutputStream(file);
        ImageOutputStream png = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(palette ? Palette.indexed(picture) : picture, "png", png);
    }
  }

  /** Parses sizes such as 1920x1080. */
  private static final class Size implements ITypeConverter<Dimension> {
    private static final Pattern FORMAT = Pattern.compile("(\\d{3,4})x(\\d{3,4})");

    @Override
    public Dimension convert(String text) {
      Matcher matcher = FORMAT.matcher(text);
      if (matcher.matches()) {
        Dimension size =
            new Dimension(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        if (size.width >= Dashboard.MIN_WIDTH && size.height >= Dashboard.MIN_HEIGHT) {
          return size;
        }
      }
      throw new IllegalArgumentException(
          "expected a width and height from %dx%d to 9999x9999, found %s"
              .formatted(Dashboard.MIN_WIDTH, Dashboard.MIN_HEIGHT, text));
    }
  }
}
