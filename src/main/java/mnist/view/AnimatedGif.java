package mnist.view;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferInt;
import java.awt.image.IndexColorModel;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * An animated GIF that plays for ever. All frames share one palette, and each holds only what
 * differs from the one before.
 */
public final class AnimatedGif implements Closeable {
  private static final String FILE_FORM = "javax_imageio_gif_stream_1.0";
  private static final String FRAME_FORM = "javax_imageio_gif_image_1.0";
  private static final int TRANSPARENT = 255;

  /** Colours are told apart by so many of the 8 bits of red, green and blue each. */
  private static final int BITS = 5;

  private final ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
  private final ImageOutputStream out;
  private final IndexColorModel palette;
  private final byte[] nearest;
  private int[] before;

  /**
   * Begins the file.
   *
   * @param file does not exist yet
   * @param samples frames that have the colours of all
   */
  public AnimatedGif(Path file, List<BufferedImage> samples) throws IOException {
    int[] colours = colours(samples);
    palette = new IndexColorModel(8, TRANSPARENT + 1, colours, 0, false, TRANSPARENT, 0);
    nearest = nearest(colours);
    out = new Stream(file);
    writer.setOutput(out);
    IIOMetadata about = writer.getDefaultStreamMetadata(null);
    about.mergeTree(FILE_FORM, describe(samples.get(0), colours));
    writer.prepareWriteSequence(about);
  }

  /** Closing an image stream leaves what is below it open. */
  private static final class Stream extends MemoryCacheImageOutputStream {
    private final OutputStream file;

    private Stream(OutputStream file) {
      super(file);
      this.file = file;
    }

    Stream(Path file) throws IOException {
      this(Files.newOutputStream(file));
    }

    @Override
    public void close() throws IOException {
      try (file) {
        super.close();
      }
    }
  }

  // ---- Colours

  private static int bucket(int rgb) {
    int cut = 8 - BITS;
    return (rgb >> 16 + cut & 31) << 2 * BITS | (rgb >> 8 + cut & 31) << BITS | rgb >> cut & 31;
  }

  /** The most frequent colours, one of each bucket at most. */
  private static int[] colours(List<BufferedImage> samples) {
    int[] all =
        samples.stream()
            .flatMapToInt(sample -> Arrays.stream(pixels(sample)))
            .map(rgb -> rgb & 0xffffff)
            .sorted()
            .toArray();
    int[] count = new int[1 << 3 * BITS];
    int[] colour = new int[count.length];
    int[] most = new int[count.length]; // of one and the same colour
    for (int start = 0, end; start < all.length; start = end) {
      end = start;
      while (end < all.length && all[end] == all[start]) {
        end++;
      }
      int bucket = bucket(all[start]);
      count[bucket] += end - start;
      if (end - start > most[bucket]) {
        most[bucket] = end - start;
        colour[bucket] = all[start];
      }
    }
    List<Integer> buckets = new ArrayList<>();
    for (int bucket = 0; bucket < count.length; bucket++) {
      if (count[bucket] > 0) {
        buckets.add(bucket);
      }
    }
    buckets.sort(Comparator.comparing((Integer bucket) -> -count[bucket]));
    int[] colours = new int[TRANSPARENT + 1];
    for (int i = 0; i < Math.min(TRANSPARENT, buckets.size()); i++) {
      colours[i] = colour[buckets.get(i)];
    }
    return colours;
  }

  /** Which colour of the palette comes nearest to each bucket's middle. */
  private static byte[] nearest(int[] colours) {
    byte[] nearest = new byte[1 << 3 * BITS];
    int half = 1 << 7 - BITS;
    for (int bucket = 0; bucket < nearest.length; bucket++) {
      int red = (bucket >> 2 * BITS) << 8 - BITS | half;
      int green = (bucket >> BITS & 31) << 8 - BITS | half;
      int blue = (bucket & 31) << 8 - BITS | half;
      int least = Integer.MAX_VALUE;
      for (int i = 0; i < TRANSPARENT; i++) {
        int r = red - (colours[i] >> 16 & 255);
        int g = green - (colours[i] >> 8 & 255);
        int b = blue - (colours[i] & 255);
        int distance = r * r + g * g + b * b;
        if (bucket(colours[i]) == bucket) {
          distance = -1;
        }
        if (distance < least) {
          least = distance;
          nearest[bucket] = (byte) i;
        }
      }
    }
    return nearest;
  }

  private static int[] pixels(BufferedImage image) {
    return ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
  }

  // ---- What is the same for all frames

  private static IIOMetadataNode describe(BufferedImage sample, int[] colours) {
    IIOMetadataNode screen = new IIOMetadataNode("LogicalScreenDescriptor");
    screen.setAttribute("logicalScreenWidth", String.valueOf(sample.getWidth()));
    screen.setAttribute("logicalScreenHeight", String.valueOf(sample.getHeight()));
    screen.setAttribute("colorResolution", "8");
    screen.setAttribute("pixelAspectRatio", "0");
    IIOMetadataNode table = new IIOMetadataNode("GlobalColorTable");
    table.setAttribute("sizeOfGlobalColorTable", String.valueOf(colours.length));
    table.setAttribute("backgroundColorIndex", "0");
    table.setAttribute("sortFlag", "FALSE");
    for (int i = 0; i < colours.length; i++) {
      IIOMetadataNode entry = new IIOMetadataNode("ColorTableEntry");
      entry.setAttribute("index", String.valueOf(i));
      entry.setAttribute("red", String.valueOf(colours[i] >> 16 & 255));
      entry.setAttribute("green", String.valueOf(colours[i] >> 8 & 255));
      entry.setAttribute("blue", String.valueOf(colours[i] & 255));
      table.appendChild(entry);
    }
    IIOMetadataNode root = new IIOMetadataNode(FILE_FORM);
    root.appendChild(screen);
    root.appendChild(table);
    return root;
  }

  // ---- Frames

  /**
   * Adds a frame.
   *
   * @param frame of the type {@link BufferedImage#TYPE_INT_RGB}, as large as the others
   * @param hundredths of a second for which it is shown
   */
  public void add(BufferedImage frame, int hundredths) throws IOException {
    int width = frame.getWidth();
    int[] now = new int[width * frame.getHeight()];
    int[] pixels = pixels(frame);
    for (int i = 0; i < now.length; i++) {
      now[i] = nearest[bucket(pixels[i])] & 255;
    }
    Rectangle changed = changed(now, width);
    BufferedImage part =
        new BufferedImage(changed.width, changed.height, BufferedImage.TYPE_BYTE_INDEXED, palette);
    byte[] indices = ((DataBufferByte) part.getRaster().getDataBuffer()).getData();
    for (int i = 0; i < indices.length; i++) {
      int at = (changed.y + i / changed.width) * width + changed.x + i % changed.width;
      indices[i] = (byte) (before != null && before[at] == now[at] ? TRANSPARENT : now[at]);
    }
    IIOMetadata about =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(part), null);
    about.setFromTree(FRAME_FORM, describe(about, changed, hundredths, before == null));
    writer.writeToSequence(new IIOImage(part, null, about), null);
    before = now;
  }

  /** The smallest rectangle that holds all that has changed, at least one pixel. */
  private Rectangle changed(int[] now, int width) {
    if (before == null) {
      return new Rectangle(0, 0, width, now.length / width);
    }
    int left = width;
    int right = -1;
    int top = -1;
    int bottom = 0;
    for (int i = 0; i < now.length; i++) {
      if (now[i] != before[i]) {
        left = Math.min(left, i % width);
        right = Math.max(right, i % width);
        top = top < 0 ? i / width : top;
        bottom = i / width;
      }
    }
    return right < 0
        ? new Rectangle(0, 0, 1, 1)
        : new Rectangle(left, top, right - left + 1, bottom - top + 1);
  }

  private static IIOMetadataNode describe(
      IIOMetadata usual, Rectangle place, int hundredths, boolean isFirst) {
    IIOMetadataNode root = (IIOMetadataNode) usual.getAsTree(FRAME_FORM);
    root.removeChild(child(root, "LocalColorTable")); // all share one
    IIOMetadataNode descriptor = child(root, "ImageDescriptor");
    descriptor.setAttribute("imageLeftPosition", String.valueOf(place.x));
    descriptor.setAttribute("imageTopPosition", String.valueOf(place.y));
    descriptor.setAttribute("interlaceFlag", "FALSE");
    IIOMetadataNode control = child(root, "GraphicControlExtension");
    control.setAttribute("disposalMethod", "doNotDispose");
    control.setAttribute("userInputFlag", "FALSE");
    control.setAttribute("transparentColorFlag", "TRUE");
    control.setAttribute("transparentColorIndex", String.valueOf(TRANSPARENT));
    control.setAttribute("delayTime", String.valueOf(hundredths));
    if (isFirst) {
      IIOMetadataNode forEver = new IIOMetadataNode("ApplicationExtension");
      forEver.setAttribute("applicationID", "NETSCAPE");
      forEver.setAttribute("authenticationCode", "2.0");
      forEver.setUserObject(new byte[] {1, 0, 0});
      child(root, "ApplicationExtensions").appendChild(forEver);
    }
    return root;
  }

  private static IIOMetadataNode child(IIOMetadataNode root, String name) {
    if (root.getElementsByTagName(name).getLength() == 0) {
      root.appendChild(new IIOMetadataNode(name));
    }
    return (IIOMetadataNode) root.getElementsByTagName(name).item(0);
  }

  /** Ends the file, if there is a frame. */
  @Override
  public void close() throws IOException {
    try (out) {
      if (before != null) {
        writer.endWriteSequence();
      }
    } finally {
      writer.dispose();
    }
  }
}
