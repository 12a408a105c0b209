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
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * An animated GIF that loops forever. All frames share one palette, and each contains only what
 * differs from the previous one.
 */
public final class AnimatedGif implements Closeable {
  private static final String FRAME_FORMAT = "javax_imageio_gif_image_1.0";
  private static final int TRANSPARENT = 255;

  private final ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
  private final OutputStream file;
  private final ImageOutputStream out;
  private final Palette palette;
  private final IndexColorModel colorModel;
  private byte[] previous;

  /**
   * Starts the file.
   *
   * @param file must not exist yet
   * @param samples frames that together have all colors
   */
  public AnimatedGif(Path file, List<BufferedImage> samples) throws IOException {
    palette = new Palette(samples, TRANSPARENT);
    colorModel = palette.colorModel(TRANSPARENT);
    this.file = Files.newOutputStream(file);
    out = new MemoryCacheImageOutputStream(this.file);
    writer.setOutput(out);
    writer.prepareWriteSequence(null);
  }

  /**
   * Adds a frame.
   *
   * @param frame of the type {@link BufferedImage#TYPE_INT_RGB}, the same size as the others
   * @param hundredths how long it is shown, in hundredths of a second
   */
  public void add(BufferedImage frame, int hundredths) throws IOException {
    int width = frame.getWidth();
    byte[] indices = palette.indices(frame);
    Rectangle changed = changed(indices, width);
    BufferedImage part =
        new BufferedImage(
            changed.width, changed.height, BufferedImage.TYPE_BYTE_INDEXED, colorModel);
    byte[] pixels = ((DataBufferByte) part.getRaster().getDataBuffer()).getData();
    for (int i = 0; i < pixels.length; i++) {
      int at = (changed.y + i / changed.width) * width + changed.x + i % changed.width;
      boolean same = previous != null && previous[at] == indices[at];
      pixels[i] = same ? (byte) TRANSPARENT : indices[at];
    }
    IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(part), null);
    metadata.setFromTree(FRAME_FORMAT, frameMetadata(metadata, changed, hundredths));
    writer.writeToSequence(new IIOImage(part, null, metadata), null);
    previous = indices;
  }

  /** The bounds of all changes, at least one pixel. */
  private Rectangle changed(byte[] indices, int width) {
    if (previous == null) {
      return new Rectangle(0, 0, width, indices.length / width);
    }
    Rectangle changed = new Rectangle(-1, -1); // empty
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] != previous[i]) {
        changed.add(new Rectangle(i % width, i / width, 1, 1));
      }
    }
    return changed.isEmpty() ? new Rectangle(0, 0, 1, 1) : changed;
  }

  private IIOMetadataNode frameMetadata(IIOMetadata defaults, Rectangle place, int hundredths) {
    IIOMetadataNode root = (IIOMetadataNode) defaults.getAsTree(FRAME_FORMAT);
    child(
        root,
        "ImageDescriptor",
        Map.of(
            "imageLeftPosition", place.x,
            "imageTopPosition", place.y,
            "interlaceFlag", "FALSE"));
    child(
        root,
        "GraphicControlExtension",
        Map.of(
            "disposalMethod", "doNotDispose",
            "userInputFlag", "FALSE",
            "transparentColorFlag", "TRUE",
            "transparentColorIndex", TRANSPARENT,
            "delayTime", hundredths));
    if (previous == null) {
      child(
              child(root, "ApplicationExtensions", Map.of()),
              "ApplicationExtension",
              Map.of("applicationID", "NETSCAPE", "authenticationCode", "2.0"))
          .setUserObject(new byte[] {1, 0, 0}); // forever
    }
    return root;
  }

  /** The child of this name, added if there is none, with these attributes. */
  private static IIOMetadataNode child(
      IIOMetadataNode parent, String name, Map<String, Object> attributes) {
    if (parent.getElementsByTagName(name).getLength() == 0) {
      parent.appendChild(new IIOMetadataNode(name));
    }
    IIOMetadataNode child = (IIOMetadataNode) parent.getElementsByTagName(name).item(0);
    attributes.forEach((key, value) -> child.setAttribute(key, value.toString()));
    return child;
  }

  /** Completes the file if it has a frame. */
  @Override
  public void close() throws IOException {
    try (file;
        out) { // which does not close the file
      if (previous != null) {
        writer.endWriteSequence();
      }
    } finally {
      writer.dispose();
    }
  }
}
