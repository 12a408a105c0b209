package mnist.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Progressive JPEGs, whose decoder goes through all pixels once for each scan. */
public final class JpegScans {
  private JpegScans() {}

  /** A picture as a progressive JPEG, which has about ten scans. */
  public static byte[] progressive(BufferedImage picture) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(jpeg)) {
      ImageWriteParam options = writer.getDefaultWriteParam();
      options.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, null), options);
    } finally {
      writer.dispose();
    }
    return jpeg.toByteArray();
  }

  /** The same JPEG with its last scan repeated. */
  public static byte[] repeat(byte[] jpeg, int times) {
    int scan = jpeg.length - 2;
    while (jpeg[scan] != (byte) 0xff || jpeg[scan + 1] != (byte) 0xda) {
      scan--;
    }
    byte[] last = Arrays.copyOfRange(jpeg, scan, jpeg.length - 2); // without the end marker
    ByteArrayOutputStream repeated = new ByteArrayOutputStream();
    repeated.write(jpeg, 0, scan);
    for (int i = 0; i <= times; i++) {
      repeated.writeBytes(last);
    }
    repeated.write(jpeg, jpeg.length - 2, 2);
    return repeated.toByteArray();
  }
}
