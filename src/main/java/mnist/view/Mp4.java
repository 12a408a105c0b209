package mnist.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
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

/** A movie in the form that every player knows: H.264 in MP4, made by {@code ffmpeg}. */
public final class Mp4 implements Closeable {
  private static final long SIGNAL_MILLIS = 200;

  private final Process ffmpeg;
  private final CompletableFuture<String> complaints;
  private final OutputStream frames;
  private final ByteBuffer bytes;
  private final Thread ending;

  /** There is no ffmpeg on the PATH. */
  public static final class NoFfmpegException extends IOException {
    private static final long serialVersionUID = 1;

    private NoFfmpegException(IOException cause) {
      super(
          "no MP4, for it needs ffmpeg, which is not on the PATH: get it with apt install ffmpeg,"
              + " brew install ffmpeg or winget install ffmpeg",
          cause);
    }
  }

  /**
   * Starts ffmpeg.
   *
   * @param file does not exist yet
   * @param width of the frames in pixels, an even number, as is the height
   * @param perSecond frames per second
   * @throws NoFfmpegException if there is none
   */
  public Mp4(Path file, int width, int height, int perSecond) throws IOException {
    String options =
        "-v error -nostdin -f rawvideo -pix_fmt bgr0 -s %dx%d -r %d -i pipe:0"
            + " -c:v libx264 -preset veryfast -crf 21 -pix_fmt yuv420p"
            + " -movflags +faststart -f mp4";
    List<String> words = new ArrayList<>(List.of("ffmpeg"));
    words.addAll(List.of(options.formatted(width, height, perSecond).split(" ")));
    words.add(file.toString());
    ProcessBuilder command = new ProcessBuilder(words);
    command.redirectErrorStream(true);
    try {
      ffmpeg = command.start();
    } catch (IOException e) {
      throw new NoFfmpegException(e);
    }
    frames = ffmpeg.getOutputStream();
    complaints = CompletableFuture.supplyAsync(() -> all(ffmpeg.getInputStream()));
    bytes = ByteBuffer.allocate(4 * width * height).order(ByteOrder.LITTLE_ENDIAN);
    // Before the hidden file goes, whoever might still write to it must.
    ending = new Thread(this::kill);
    Runtime.getRuntime().addShutdownHook(ending);
  }

  private static String all(InputStream in) {
    try (in) {
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
   * @param times for how many frames it is shown
   */
  public void add(BufferedImage frame, int times) throws IOException {
    bytes.asIntBuffer().put(((DataBufferInt) frame.getRaster().getDataBuffer()).getData());
    try {
      for (int i = 0; i < times; i++) {
        frames.write(bytes.array());
      }
    } catch (IOException e) {
      throw failed(e); // it has gone, and has said why
    }
  }

  /** Waits until ffmpeg has written the movie to its end. */
  public void end() throws IOException {
    try {
      frames.close();
      if (ffmpeg.waitFor() != 0) {
        throw failed(null);
      }
    } catch (InterruptedException e) {
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  private IOException failed(IOException cause) {
    String said = complaints.join();
    try {
      // Ctrl-C reaches ffmpeg too; then this process is about to end, and there is nothing to say.
      Thread.sleep(SIGNAL_MILLIS);
      if (ending.getState() != Thread.State.NEW) {
        new CountDownLatch(1).await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new IOException(
        "ffmpeg failed: "
            + said.lines().reduce((before, after) -> after).orElse("it does not say why"),
        cause);
  }

  /** Ends ffmpeg, should it still be there. */
  @Override
  public void close() {
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(ending);
    } catch (IllegalStateException e) {
      // The process ends already.
    }
  }
}
