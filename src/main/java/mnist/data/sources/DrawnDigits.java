package mnist.data.sources;

/**
 * Drawn images with the digit that each shows.
 *
 * @param pixels count × 28 × 28 grey levels, 0 (black) to 255 (white) as unsigned bytes, image
 *     after image, row after row
 * @param labels count digits, 0..9
 */
public record DrawnDigits(byte[] pixels, byte[] labels) {}
