package mnist.view;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private final ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
  private final ImageOutputStream out;
  private final Palette palette;
  private final IndexColorModel colours;
  private int[] before;

  /**
   * Begins the file.
   *
   * @param file does not exist yet
   * @param samples frames that have the colours of all
   */
  public AnimatedGif(Path file, List<BufferedImage> samples) throws IOException {
    palette = Palette.of(samples, TRANSPARENT);
    colours = palette.colourModel(TRANSPARENT);
    out = new Stream(file);
    writer.setOutput(out);
    IIOMetadata about = writer.getDefaultStreamMetadata(null);
    about.mergeTree(FILE_FORM, describe(samples.get(0), palette.colours()));
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
    int[] now = palette.indices(frame);
    Rectangle changed = changed(now, width);
    BufferedImage part =
        new BufferedImage(changed.width, changed.height, BufferedImage.TYPE_BYTE_INDEXED, colours);
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
