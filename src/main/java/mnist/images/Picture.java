package mnist.images;

import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.jpeg.JpegProcessingException;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import mnist.data.DataException;
import mnist.platform.ErrorMessages;

/** A picture of a digit: PNG, JPEG, GIF (its first frame) or BMP, of any size and colour. */
public final class Picture {
  /** Larger ones are refused before memory is taken. */
  private static final long MOST_PIXELS = 100_000_000;

  /** Of larger ones only every second, third … pixel is read. */
  private static final long ENOUGH_PIXELS = 4_000_000;

  private static final Set<String> FORMATS = Set.of("png", "jpeg", "gif", "bmp");

  private static final int WHITE = 255;
  private static final int BLACK = 0;

  private Picture() {}

  /**
   * Reads a picture and brings it to MNIST's form, see {@link MnistNormalizer}.
   *
   * @return 28 × 28 grey levels 0..255 as unsigned bytes, white digit on black
   * @throws DataException if it is no picture, damaged, too large or blank
   */
  public static byte[] read(Path file) throws IOException {
    return read(Files.readAllBytes(file), file.toString());
  }

  /** The same from what a file holds; {@code name} is for the error. */
  static byte[] read(byte[] file, String name) throws IOException {
    return read(file, name, MOST_PIXELS);
  }

  /**
   * The same from what a file holds.
   *
   * @param name of the picture, for the error
   * @param mostPixels a larger one is refused
   */
  public static byte[] read(byte[] file, String name, long mostPixels) throws IOException {
    return MnistNormalizer.of(decode(file, name, mostPixels), name);
  }

  private static GrayImage decode(byte[] file, String name, long mostPixels) throws IOException {
    if (file.length == 0) {
      throw new DataException(name + " is empty, expected an image");
    }
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      ImageReader reader = readers.hasNext() ? readers.next() : null;
      if (reader == null || !FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
        throw new DataException(name + " is not an image: expected PNG, JPEG, GIF or BMP");
      }
      try {
        refuseCutBmp(file, name);
        GrayImage grey = decode(reader, in, name, mostPixels);
        return isJpeg(file) ? grey.upright(orientation(file)) : grey;
      } finally {
        reader.dispose();
      }
    }
  }

  private static GrayImage decode(
      ImageReader reader, ImageInputStream in, String name, long mostPixels) throws IOException {
    try {
      reader.setInput(in, true, true);
      // The JPEG reader makes up what is missing and only warns of it.
      boolean[] cut = new boolean[1];
      reader.addIIOReadWarningListener(
          (source, warning) ->
              cut[0] |= warning.contains("premature") || warning.contains("Truncated"));
      long width = reader.getWidth(0);
      long height = reader.getHeight(0);
      if (width * height > mostPixels) {
        throw new DataException(
            "%s has %d × %d pixels, expected at most %d million"
                .formatted(name, width, height, mostPixels / 1_000_000));
      }
      int step = (int) Math.ceil(Math.sqrt((double) width * height / ENOUGH_PIXELS));
      ImageReadParam sparse = reader.getDefaultReadParam();
      sparse.setSourceSubsampling(step, step, 0, 0);
      BufferedImage picture = reader.read(0, sparse);
      if (cut[0]) {
        throw cutShort(name);
      }
      return grey(picture);
    } catch (DataException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          "%s is a damaged %s file, or of a kind that cannot be read (%s); save it again"
              .formatted(name, reader.getFormatName(), ErrorMessages.summarize(e)),
          e);
    }
  }

  /**
   * The BMP reader does not miss rows at the end where it passes over some. Behind the letters BM
   * the file says how long it is.
   */
  private static void refuseCutBmp(byte[] file, String name) throws DataException {
    if (file.length >= 6
        && file[0] == 'B'
        && file[1] == 'M'
        && ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(2) > file.length) {
      throw cutShort(name);
    }
  }

  private static boolean isJpeg(byte[] file) {
    return file[0] == (byte) 0xff && file[1] == (byte) 0xd8;
  }

  private static DataException cutShort(String name) {
    return new DataException(name + " is cut short; save it again");
  }

  /** How the camera was held, 1 to 8 as EXIF counts; 1, upright, if the file does not say. */
  private static int orientation(byte[] jpeg) {
    try {
      ExifIFD0Directory exif =
          JpegMetadataReader.readMetadata(new ByteArrayInputStream(jpeg), List.of(new ExifReader()))
              .getFirstDirectoryOfType(ExifIFD0Directory.class);
      Integer orientation =
          exif == null ? null : exif.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
      return orientation == null || orientation < 1 || orientation > 8 ? 1 : orientation;
    } catch (JpegProcessingException | IOException | RuntimeException e) {
      return 1; // the picture itself could be read
    }
  }

  // ---- GrayImage levels

  private static GrayImage grey(BufferedImage picture) {
    ColorModel colours = picture.getColorModel();
    boolean shades = colours.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    GrayImage light = shades ? samples(picture.getRaster()) : mostContrasting(picture);
    if (!colours.hasAlpha()) {
      return light;
    }
    GrayImage onWhite = over(WHITE, light, picture);
    // White ink on a transparent ground shows on black only.
    GrayImage onBlack = over(BLACK, light, picture);
    return onBlack.contrast() > onWhite.contrast() ? onBlack : onWhite;
  }

  /** GrayImage pictures as they are: getRGB would lighten them by a gamma. */
  private static GrayImage samples(Raster raster) {
    GrayImage grey = new GrayImage(raster.getWidth(), raster.getHeight());
    float most = (1 << raster.getSampleModel().getSampleSize(0)) - 1;
    for (int y = 0; y < grey.height(); y++) {
      for (int x = 0; x < grey.width(); x++) {
        grey.set(x, y, 255 * raster.getSample(x, y, 0) / most);
      }
    }
    return grey;
  }

  /** Brightness, or red, green or blue alone if they differ more: red on blue may be as bright. */
  private static GrayImage mostContrasting(BufferedImage picture) {
    GrayImage most = mixed(picture, 0.299f, 0.587f, 0.114f);
    for (GrayImage colour :
        List.of(mixed(picture, 1, 0, 0), mixed(picture, 0, 1, 0), mixed(picture, 0, 0, 1))) {
      if (colour.variance() > 2 * most.variance()) {
        most = colour;
      }
    }
    return most;
  }

  private static GrayImage mixed(BufferedImage picture, float red, float green, float blue) {
    GrayImage grey = new GrayImage(picture.getWidth(), picture.getHeight());
    int[] row = new int[grey.width()];
    for (int y = 0; y < grey.height(); y++) {
      picture.getRGB(0, y, row.length, 1, row, 0, row.length);
      for (int x = 0; x < row.length; x++) {
        grey.set(
            x,
            y,
            red * (row[x] >> 16 & 0xff) + green * (row[x] >> 8 & 0xff) + blue * (row[x] & 0xff));
      }
    }
    return grey;
  }

  /** A picture that is transparent in places, laid on a ground. */
  private static GrayImage over(int ground, GrayImage light, BufferedImage picture) {
    GrayImage laid = new GrayImage(light.width(), light.height());
    int[] row = new int[light.width()];
    for (int y = 0; y < light.height(); y++) {
      picture.getRGB(0, y, row.length, 1, row, 0, row.length);
      for (int x = 0; x < row.length; x++) {
        float alpha = (row[x] >>> 24) / 255f;
        laid.set(x, y, alpha * light.get(x, y) + (1 - alpha) * ground);
      }
    }
    return laid;
  }
}
