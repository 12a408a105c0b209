package mnist.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.awt.image.BufferedImage;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** A movie that every player shows: H.264 in MP4, encoded by {@code ffmpeg}. */
public final class Mp4 implements Closeable {
  private static final long SIGNAL_MILLIS = 200;

  private final Process ffmpeg;
  private final CompletableFuture<String> errors;
  private final OutputStream frames;
  private final ByteBuffer bytes;
  private final Thread shutdownHook;

  /** There is no ffmpeg on the PATH. */
  public static final class NoFfmpegException extends IOException {
    private static final long serialVersionUID = 1;

    private NoFfmpegException(IOException cause) {
      super(
          "no MP4: ffmpeg is not on the PATH; install it with apt install ffmpeg, brew install"
              + " ffmpeg or winget install ffmpeg",
          cause);
    }
  }

  /**
   * Starts ffmpeg.
   *
   * @param file must not exist yet
   * @param width of the frames in pixels, even
   * @param height of the frames in pixels, even
   * @param frameRate frames per second
   * @throws NoFfmpegException if there is no ffmpeg
   */
  public Mp4(Path file, int width, int height, int frameRate) throws IOException {
    String options =
        "-v error -nostdin -f rawvideo -pix_fmt bgr0 -s %dx%d -r %d -i pipe:0"
            + " -c:v libx264 -preset veryfast -crf 21 -pix_fmt yuv420p"
            + " -movflags +faststart -f mp4";
    List<String> command = new ArrayList<>(List.of("ffmpeg"));
    command.addAll(List.of(options.formatted(width, height, frameRate).split(" ")));
    command.add(file.toString());
    try {
      ffmpeg = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new NoFfmpegException(e);
    }
    frames = ffmpeg.getOutputStream();
    errors = CompletableFuture.supplyAsync(this::readErrors);
    bytes = ByteBuffer.allocate(4 * width * height).order(ByteOrder.LITTLE_ENDIAN);
    // ffmpeg must end before its unfinished file is removed.
    shutdownHook = new Thread(this::kill);
    Runtime.getRuntime().addShutdownHook(shutdownHook);
  }

  private String readErrors() {
    try (var in = ffmpeg.getInputStream()) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void kill() {
    try {
      ffmpeg.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Adds a frame.
   *
   * @param frame of the type {@link BufferedImage#TYPE_INT_RGB}
   * @param times how often it is repeated
   */
  public void add(BufferedImage frame, int times) throws IOException {
    bytes.asIntBuffer().put(Palette.pixels(frame));
    try {
      for (int i = 0; i < times; i++) {
        frames.write(bytes.array());
      }
    } catch (IOException e) {
      throw failure(e); // ffmpeg has ended
    }
  }

  /** Waits until ffmpeg has written the whole movie. */
  public void finish() throws IOException {
    try {
      frames.close();
      if (ffmpeg.waitFor() != 0) {
        throw failure(null);
      }
    } catch (InterruptedException e) {
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  private IOException failure(IOException cause) {
    List<String> lines = errors.join().lines().toList();
    try {
      // Ctrl-C also ends ffmpeg; then this process is about to exit and reports nothing.
      Thread.sleep(SIGNAL_MILLIS);
      if (shutdownHook.getState() != Thread.State.NEW) {
        new CountDownLatch(1).await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String reason = lines.isEmpty() ? "it reported no reason" : lines.get(lines.size() - 1);
    return new IOException("ffmpeg failed: " + reason, cause);
  }

  /** Ends ffmpeg if it still runs. */
  @Override
  public void close() {
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The process is exiting.
    }
  }
}
