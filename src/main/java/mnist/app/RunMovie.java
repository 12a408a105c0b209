package mnist.app;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import mnist.console.CommandLines;
import mnist.console.ProgressLine;
import mnist.data.DataSet;
import mnist.platform.Terminal;
import mnist.runs.RunFolder;
import mnist.view.AnimatedGif;
import mnist.view.Dashboard;
import mnist.view.Mp4;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Draws a run from its start to its end, as an animated GIF and as an MP4. */
@Command(
    name = "mnist.app.RunMovie",
    description = {
      "Draws a run from start to end: movie.gif (960 x 540) and, if ffmpeg is installed, movie.mp4"
          + " (1920 x 1080) in the run's folder, or only the .gif or .mp4 file that --out names.",
      "Prints the paths of the files."
    })
public final class RunMovie implements Callable<Integer> {
  private static final int GIF_WIDTH = 960;
  private static final int GIF_HEIGHT = 540;
  private static final int GIF_FRAMES = 100;
  private static final int GIF_HUNDREDTHS = 10;

  private static final int MP4_WIDTH = 1920;
  private static final int MP4_HEIGHT = 1080;
  private static final int MP4_FRAMES = 500;
  private static final int MP4_PER_SECOND = 24;

  /** How long the end is shown. */
  private static final int LAST_SECONDS = 3;

  @Spec private CommandSpec spec;

  @Mixin private RecordedRunOptions seen = new RecordedRunOptions();

  private final PrintStream out;
  private final PrintStream err;

  private RunMovie(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(run(System.out, System.err, args));
  }

  /** The program within another one; gives its exit code. */
  static int run(PrintStream out, PrintStream err, String... args) {
    return CommandLines.create(new RunMovie(out, err), out, err).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    Optional<String> name = seen.out().map(file -> file.toString().toLowerCase(Locale.ROOT));
    boolean gif = name.isEmpty() || name.get().endsWith(".gif");
    boolean mp4 = name.isEmpty() || name.get().endsWith(".mp4");
    if (!gif && !mp4) {
      throw new ParameterException(
          spec.commandLine(), "--out must end in .gif or .mp4, found " + seen.out().get());
    }
    try {
      RunFolder run = seen.folder();
      Optional<DataSet> data = RecordedRunOptions.data(run, err);
      if (gif) {
        out.println(seen.write(run, "movie.gif", file -> drawGif(run, data, file)));
      }
      if (mp4) {
        out.println(seen.write(run, "movie.mp4", file -> drawMp4(run, data, file)));
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

  private void drawGif(RunFolder run, Optional<DataSet> data, Path file) throws IOException {
    Dashboard panels = Dashboard.of(run.path(), data, GIF_WIDTH, GIF_HEIGHT);
    panels.damage().ifPresent(err::println);
    List<Integer> moments = someOf(panels.moments(), GIF_FRAMES);
    List<BufferedImage> samples = someOf(moments, 3).stream().map(panels::draw).toList();
    try (AnimatedGif gif = new AnimatedGif(file, samples)) {
      draw(
          "movie.gif",
          panels,
          moments,
          (frame, isLast) -> gif.add(frame, isLast ? 100 * LAST_SECONDS : GIF_HUNDREDTHS));
    }
  }

  private void drawMp4(RunFolder run, Optional<DataSet> data, Path file) throws IOException {
    try (Mp4 mp4 = new Mp4(file, MP4_WIDTH, MP4_HEIGHT, MP4_PER_SECOND)) {
      Dashboard panels = Dashboard.of(run.path(), data, MP4_WIDTH, MP4_HEIGHT);
      draw(
          "movie.mp4",
          panels,
          someOf(panels.moments(), MP4_FRAMES),
          (frame, isLast) -> mp4.add(frame, isLast ? LAST_SECONDS * MP4_PER_SECOND : 1));
      mp4.end();
    }
  }

  /** So many at most, evenly picked, the first and the last among them. */
  private static List<Integer> someOf(List<Integer> moments, int most) {
    int count = Math.min(most, moments.size());
    return IntStream.range(0, count)
        .map(i -> count == 1 ? 0 : (int) ((long) i * (moments.size() - 1) / (count - 1)))
        .mapToObj(moments::get)
        .toList();
  }

  private interface Frames {
    void add(BufferedImage frame, boolean isLast) throws IOException;
  }

  private void draw(String what, Dashboard panels, List<Integer> moments, Frames movie)
      throws IOException {
    BufferedImage frame = panels.draw(moments.get(0));
    try (ProgressLine bar =
        Terminal.isInteractive()
            ? new ProgressLine(err, what, "frames", 0, moments.size(), "")
            : null) {
      for (int i = 0; i < moments.size(); i++) {
        panels.draw(moments.get(i), frame);
        movie.add(frame, i == moments.size() - 1);
        if (bar != null) {
          bar.stepTo(i + 1);
        }
      }
    }
  }
}
