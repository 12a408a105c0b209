package mnist.app;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import mnist.console.CommandLines;
import mnist.console.ProgressLine;
import mnist.data.DataSet;
import mnist.platform.Terminal;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.view.AnimatedGif;
import mnist.view.Dashboard;
import mnist.view.Mp4;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** Draws a run from start to end, as an animated GIF and as an MP4. */
@Command(
    name = "java -jar mnist.jar movie",
    description = {
      "Draws a run from start to end: movie.gif (960 x 540) and, if ffmpeg is installed, movie.mp4"
          + " (1920 x 1080) in the run's folder, or only the file that --out names, a .gif or .mp4.",
      "Prints the paths of the files."
    })
public final class RunMovie extends DrawingProgram {
  private static final int GIF_WIDTH = 960;
  private static final int GIF_HEIGHT = 540;
  private static final int GIF_FRAMES = 100;
  private static final int GIF_HUNDREDTHS = 10;

  private static final int MP4_WIDTH = 1920;
  private static final int MP4_HEIGHT = 1080;
  private static final int MP4_FRAMES = 500;
  private static final int MP4_FRAME_RATE = 24;

  /** How long the last frame is shown. */
  private static final int LAST_SECONDS = 3;

  private RunMovie(PrintStream out, PrintStream err) {
    super(out, err);
  }

  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(run(System.out, System.err, args));
  }

  /** Runs the program in this process; returns its exit code. */
  static int run(PrintStream out, PrintStream err, String... args) {
    return CommandLines.create(new RunMovie(out, err), out, err).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    String name = String.valueOf(outFile).toLowerCase(Locale.ROOT);
    boolean gif = outFile == null || name.endsWith(".gif");
    boolean mp4 = outFile == null || name.endsWith(".mp4");
    if (!gif && !mp4) {
      throw new ParameterException(
          spec.commandLine(), "--out must end in .gif or .mp4, found " + outFile);
    }
    try {
      RunFolder run = folder();
      ViewRecord record = record(run);
      Optional<DataSet> data = data(run);
      if (gif) {
        write(run, "movie.gif", file -> drawGif(run, record, data, file));
      }
      if (mp4) {
        write(run, "movie.mp4", file -> drawMp4(run, record, data, file));
      }
      return CommandLine.ExitCode.OK;
    } catch (Mp4.NoFfmpegException e) {
      if (gif) {
        err.println(e.getMessage());
        return CommandLine.ExitCode.OK;
      }
      throw e;
    }
  }

  private void drawGif(RunFolder run, ViewRecord record, Optional<DataSet> data, Path file)
      throws IOException {
    Dashboard dashboard = Dashboard.of(run.path(), record, data, GIF_WIDTH, GIF_HEIGHT);
    List<Integer> iterations = evenlySpaced(dashboard.iterations(), GIF_FRAMES);
    List<BufferedImage> samples =
        evenlySpaced(iterations, 3).stream().map(dashboard::draw).toList();
    try (AnimatedGif gif = new AnimatedGif(file, samples)) {
      draw(
          "movie.gif",
          dashboard,
          iterations,
          (frame, isLast) -> gif.add(frame, isLast ? 100 * LAST_SECONDS : GIF_HUNDREDTHS));
    }
  }

  private void drawMp4(RunFolder run, ViewRecord record, Optional<DataSet> data, Path file)
      throws IOException {
    try (Mp4 mp4 = new Mp4(file, MP4_WIDTH, MP4_HEIGHT, MP4_FRAME_RATE)) {
      Dashboard dashboard = Dashboard.of(run.path(), record, data, MP4_WIDTH, MP4_HEIGHT);
      draw(
          "movie.mp4",
          dashboard,
          evenlySpaced(dashboard.iterations(), MP4_FRAMES),
          (frame, isLast) -> mp4.add(frame, isLast ? LAST_SECONDS * MP4_FRAME_RATE : 1));
      mp4.finish();
    }
  }

  /** At most {@code max} of the iterations, the first and the last among them. */
  private static List<Integer> evenlySpaced(List<Integer> iterations, int max) {
    int count = Math.min(max, iterations.size());
    return IntStream.range(0, count)
        .map(i -> count == 1 ? 0 : (int) ((long) i * (iterations.size() - 1) / (count - 1)))
        .mapToObj(iterations::get)
        .toList();
  }

  private interface FrameWriter {
    void add(BufferedImage frame, boolean isLast) throws IOException;
  }

  private void draw(String name, Dashboard dashboard, List<Integer> iterations, FrameWriter movie)
      throws IOException {
    BufferedImage frame = dashboard.draw(iterations.get(0));
    try (ProgressLine progress =
        Terminal.isInteractive()
            ? new ProgressLine(err, name, "frames", 0, iterations.size(), "")
            : null) {
      for (int i = 0; i < iterations.size(); i++) {
        dashboard.draw(iterations.get(i), frame);
        movie.add(frame, i == iterations.size() - 1);
        if (progress != null) {
          progress.stepTo(i + 1);
        }
      }
    }
  }
}
