package mnist.images;

import static java.util.regex.Pattern.DOTALL;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A format of pictures that is not supported, recognized in order to name it.
 *
 * @param name as users know it
 * @param start matches the beginning of a file, a character for each byte
 */
record PictureFormat(String name, Pattern start) {
  private static final int START = 1024;

  /** The first that matches applies. */
  private static final List<PictureFormat> UNSUPPORTED =
      List.of(
          // ISO media files begin with a box that lists the brands they comply with.
          of("AVIF", "\0\0..ftyp.{0,60}?avi[fs]"),
          of("HEIC", "\0\0..ftyp(hei|hev|mif1|msf1).*"),
          of("JPEG 2000", "\0\0\0\fjP  |\u00ff\u004f\u00ff\u0051"),
          of("JPEG XL", "\0\0\0\fJXL |\u00ff\n"),
          of("ICO", "\0\0[\1\2]\0[^\0]"),
          of("WebP", "RIFF....WEBP"),
          of("TIFF", "II[*+]\0|MM\0[*+]"),
          of("PSD", "8BPS"),
          of("PDF", "%PDF-"),
          of("SVG", "(\u00ef\u00bb\u00bf)?\\s*<(.*<)?svg\\b"));

  private static PictureFormat of(String name, String start) {
    return new PictureFormat(name, Pattern.compile(start, DOTALL));
  }

  /** The name of a file's format if it is a picture's, but not one that can be read. */
  static Optional<String> unsupported(byte[] content) {
    String start =
        new String(content, 0, Math.min(START, content.length), StandardCharsets.ISO_8859_1);
    return UNSUPPORTED.stream()
        .filter(format -> format.start.matcher(start).lookingAt())
        .map(PictureFormat::name)
        .findFirst();
  }
}
