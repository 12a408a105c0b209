package mnist.images;

import com.drew.imaging.ImageProcessingException;
import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.png.PngChunk;
import com.drew.imaging.png.PngChunkReader;
import com.drew.imaging.png.PngChunkType;
import com.drew.lang.ByteArrayReader;
import com.drew.lang.SequentialByteArrayReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import mnist.data.DataException;
import mnist.platform.ErrorMessages;

/**
 * Reads a picture of a single digit as an MNIST image. PNG, JPEG, GIF (its first frame) and BMP of
 * any size and color are supported; the digit may be dark on light or light on dark.
 *
 * <pre>{@code
 * byte[] pixels = Picture.read(Path.of("seven.png"));
 * }</pre>
 */
public final class Picture {
  /** Larger pictures are refused before memory is allocated. */
  private static final long MAX_PIXELS = 100_000_000;

  /** Larger pictures are subsampled while reading. */
  private static final long MAX_DECODED_PIXELS = 4_000_000;

  /**
   * How often a progressive JPEG of the largest size may be gone through; smaller ones more often.
   */
  private static final int MAX_SCANS = 15;

  private static final Duration MAX_TIME = Duration.ofSeconds(10);

  private static final Set<String> FORMATS = Set.of("png", "jpeg", "gif", "bmp");

  private static final int WHITE = 255;
  private static final int BLACK = 0;

  private Picture() {}

  /**
   * Reads a picture and converts it to MNIST's form: the digit is separated from the background,
   * scaled to fit 20 × 20 pixels, and centered by its center of mass.
   *
   * @return 28 × 28 pixel values 0..255 as unsigned bytes, row-major, white digit on black
   * @throws DataException if it is not a picture, damaged, blank, or has more than 100 million
   *     pixels
   * @throws IOException if the file cannot be read
   */
  public static byte[] read(Path file) throws IOException {
    return read(file, warning -> {});
  }

  /**
   * Like {@link #read(Path)}.
   *
   * @param onWarning as in {@link #read(byte[], String, long, Consumer)}
   */
  public static byte[] read(Path file, Consumer<String> onWarning) throws IOException {
    return read(Files.readAllBytes(file), file.toString(), onWarning);
  }

  /** Like {@link #read(byte[], String, long, Consumer)}, with a limit of 100 million pixels. */
  static byte[] read(byte[] content, String name, Consumer<String> onWarning) throws IOException {
    return read(content, name, MAX_PIXELS, onWarning);
  }

  /**
   * Like {@link #read(Path)}, for a picture in memory.
   *
   * @param content of a picture file
   * @param name of the picture, for error messages
   * @param maxPixels the largest width × height that is accepted
   * @param onWarning told, in a phrase without a period, why the digit may not have been found: the
   *     picture shows several things, or ink at its border
   */
  public static byte[] read(byte[] content, String name, long maxPixels, Consumer<String> onWarning)
      throws IOException {
    return MnistNormalizer.normalize(decode(content, name, maxPixels), name, onWarning);
  }

  private static GrayImage decode(byte[] content, String name, long maxPixels) throws IOException {
    if (content.length == 0) {
      throw new DataException(name + " is empty, expected an image");
    }
    try (ImageInputStream in = new MemoryCacheImageInputStream(limitTime(content, name))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      ImageReader reader = readers.hasNext() ? readers.next() : null;
      String format = reader == null ? "" : reader.getFormatName().toLowerCase(Locale.ROOT);
      if (!FORMATS.contains(format)) {
        throw new DataException(
            PictureFormat.unsupported(content)
                    .map(found -> name + " is in " + found + " format, which is not supported: ")
                    .orElse(name + " is not an image: ")
                + "expected PNG, JPEG, GIF or BMP");
      }
      try {
        // The BMP reader does not notice missing rows when subsampling.
        if (format.equals("bmp") && content.length >= 6 && bmpLength(content) > content.length) {
          throw truncated(name);
        }
        int scans = format.equals("jpeg") ? countScans(content) : 1;
        GrayImage gray = decode(reader, in, name, maxPixels, scans);
        return gray.upright(orientation(content, format));
      } finally {
        reader.dispose();
      }
    }
  }

  private static GrayImage decode(
      ImageReader reader, ImageInputStream in, String name, long maxPixels, int scans)
      throws IOException {
    try {
      reader.setInput(in, true, true);
      // The JPEG reader invents missing data and only warns about it.
      boolean[] truncated = new boolean[1];
      reader.addIIOReadWarningListener(
          (source, warning) ->
              truncated[0] |= warning.contains("premature") || warning.contains("Truncated"));
      long width = reader.getWidth(0);
      long height = reader.getHeight(0);
      if (width * height > maxPixels) {
        throw new DataException(
            "%s has %d × %d pixels, expected at most %d million"
                .formatted(name, width, height, maxPixels / 1_000_000));
      }
      if (width * height * scans > maxPixels * MAX_SCANS) {
        throw new DataException(
            "%s has %d × %d pixels in %d scans, expected at most %d; save it again"
                .formatted(name, width, height, scans, maxPixels * MAX_SCANS / (width * height)));
      }
      int step = (int) Math.ceil(Math.sqrt((double) width * height / MAX_DECODED_PIXELS));
      ImageReadParam subsampling = reader.getDefaultReadParam();
      subsampling.setSourceSubsampling(step, step, 0, 0);
      BufferedImage picture = reader.read(0, subsampling);
      if (truncated[0]) {
        throw truncated(name);
      }
      return toGray(picture);
    } catch (DataException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          "%s is a damaged or unsupported %s file (%s); save it again"
              .formatted(name, reader.getFormatName(), ErrorMessages.summarize(e)),
          e);
    }
  }

  /** How many passes over all of its pixels a JPEG consists of. */
  private static int countScans(byte[] jpeg) {
    int scans = 0;
    for (int i = 1; i < jpeg.length; i++) {
      if (jpeg[i - 1] == (byte) 0xff && jpeg[i] == (byte) 0xda) { // start of scan
        scans++;
      }
    }
    return scans;
  }

  /** A stream that fails when a decoder has taken too long. */
  private static InputStream limitTime(byte[] content, String name) {
    long end = System.nanoTime() + MAX_TIME.toNanos();
    return new FilterInputStream(new ByteArrayInputStream(content)) {
      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        if (System.nanoTime() > end) {
          throw new DataException(
              "%s takes longer than %d s to decode; save it again"
                  .formatted(name, MAX_TIME.toSeconds()));
        }
        return super.read(buffer, offset, length);
      }
    };
  }

  /** The length in the header of a BMP file. */
  private static int bmpLength(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(2);
  }

  private static DataException truncated(String name) {
    return new DataException(name + " is truncated; save it again");
  }

  /** The EXIF orientation, 1 to 8; 1 (upright) if the file has none. */
  private static int orientation(byte[] content, String format) {
    try {
      ExifIFD0Directory exif =
          switch (format) {
            case "jpeg" ->
                JpegMetadataReader.readMetadata(
                        new ByteArrayInputStream(content), List.of(new ExifReader()))
                    .getFirstDirectoryOfType(ExifIFD0Directory.class);
            case "png" -> pngExif(content);
            default -> null;
          };
      Integer orientation =
          exif == null ? null : exif.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
      return orientation == null || orientation < 1 || orientation > 8 ? 1 : orientation;
    } catch (ImageProcessingException | IOException | RuntimeException e) {
      return 1; // the picture itself is readable
    }
  }

  /** PngMetadataReader would also unpack compressed texts and profiles, however large. */
  private static ExifIFD0Directory pngExif(byte[] content)
      throws ImageProcessingException, IOException {
    Metadata metadata = new Metadata();
    for (PngChunk chunk :
        new PngChunkReader()
            .extract(new SequentialByteArrayReader(content), Set.of(PngChunkType.eXIf))) {
      new ExifReader().extract(new ByteArrayReader(chunk.getBytes()), metadata);
    }
    return metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
  }

  // ---- Grayscale

  private static GrayImage toGray(BufferedImage picture) {
    ColorModel colors = picture.getColorModel();
    boolean isGray = colors.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    if (isGray && !colors.hasAlpha()) {
      return graySamples(picture.getRaster());
    }
    int width = picture.getWidth();
    int[] argb = picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    GrayImage gray = isGray ? graySamples(picture.getRaster()) : brightnessOrChannel(argb, width);
    if (!colors.hasAlpha()) {
      return gray;
    }
    // White ink on a transparent background is visible on black only.
    GrayImage onWhite = composite(gray, argb, WHITE);
    GrayImage onBlack = composite(gray, argb, BLACK);
    return onBlack.contrast() > onWhite.contrast() ? onBlack : onWhite;
  }

  /** The samples of a grayscale picture unchanged; getRGB would apply a gamma correction. */
  private static GrayImage graySamples(Raster raster) {
    float max = (1 << raster.getSampleModel().getSampleSize(0)) - 1;
    return GrayImage.of(
        raster.getWidth(), raster.getHeight(), (x, y) -> 255 * raster.getSample(x, y, 0) / max);
  }

  /** Brightness; or a color channel with much more contrast, as with red on equally bright blue. */
  private static GrayImage brightnessOrChannel(int[] argb, int width) {
    GrayImage best = weightedSum(argb, width, 0.299f, 0.587f, 0.114f);
    for (GrayImage channel :
        List.of(
            weightedSum(argb, width, 1, 0, 0),
            weightedSum(argb, width, 0, 1, 0),
            weightedSum(argb, width, 0, 0, 1))) {
      if (channel.variance() > 2 * best.variance()) {
        best = channel;
      }
    }
    return best;
  }

  private static GrayImage weightedSum(int[] argb, int width, float red, float green, float blue) {
    return GrayImage.of(
        width,
        argb.length / width,
        (x, y) -> {
          int color = argb[y * width + x];
          return red * (color >> 16 & 0xff) + green * (color >> 8 & 0xff) + blue * (color & 0xff);
        });
  }

  /** Composites the gray image, with the alpha channel of the colors, over a background. */
  private static GrayImage composite(GrayImage gray, int[] argb, int background) {
    return GrayImage.of(
        gray.width(),
        gray.height(),
        (x, y) -> {
          float alpha = (argb[y * gray.width() + x] >>> 24) / 255f;
          return alpha * gray.get(x, y) + (1 - alpha) * background;
        });
  }
}
