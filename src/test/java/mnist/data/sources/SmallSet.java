package mnist.data.sources;

import static mnist.data.sources.IdxFolder.TEST_IMAGES;
import static mnist.data.sources.IdxFolder.TEST_LABELS;
import static mnist.data.sources.IdxFolder.TRAIN_IMAGES;
import static mnist.data.sources.IdxFolder.TRAIN_LABELS;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** A data set of 6 + 3 random images as its four IDX files. */
public final class SmallSet {
  static final int TRAINING = 6;
  static final int TEST = 3;

  private final Map<String, byte[]> files;

  /** Another seed gives other images and other labels. */
  SmallSet(long seed) {
    Random random = new Random(seed);
    files =
        Map.of(
            TRAIN_IMAGES, images(TRAINING, 28, 28, bytes(TRAINING * 28 * 28, 256, random)),
            TRAIN_LABELS, labels(TRAINING, bytes(TRAINING, 10, random)),
            TEST_IMAGES, images(TEST, 28, 28, bytes(TEST * 28 * 28, 256, random)),
            TEST_LABELS, labels(TEST, bytes(TEST, 10, random)));
  }

  private static byte[] bytes(int count, int bound, Random random) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) random.nextInt(bound);
    }
    return bytes;
  }

  /** An IDX file of images, its header as told, right or wrong. */
  public static byte[] images(int count, int rows, int columns, byte[] pixels) {
    return ByteBuffer.allocate(16 + pixels.length)
        .putInt(0x803)
        .putInt(count)
        .putInt(rows)
        .putInt(columns)
        .put(pixels)
        .array();
  }

  /** An IDX file of labels, its count as told, right or wrong. */
  public static byte[] labels(int count, byte... labels) {
    return ByteBuffer.allocate(8 + labels.length).putInt(0x801).putInt(count).put(labels).array();
  }

  public static byte[] gzipped(byte... content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }

  public static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Names of the files in a folder, sorted. */
  public static List<String> namesIn(Path folder) throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  byte[] plain(String file) {
    return files.get(file);
  }

  byte[] gz(String file) throws IOException {
    return gzipped(plain(file));
  }

  /** Writes the four files, gzipped, into a folder that is made where it does not exist. */
  Path writeTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String file : IdxFolder.FILES) {
      Files.write(folder.resolve(file + ".gz"), gz(file));
    }
    return folder;
  }

  /** These files as what MNIST's authors published. */
  PublishedSet asMnist(URI... mirrors) {
    return published(PublishedSet.MNIST, Optional.empty(), mirrors);
  }

  /** These files as what Fashion-MNIST's authors published, and perhaps a package installs. */
  PublishedSet asFashion(Path systemFolder, URI... mirrors) {
    return published(PublishedSet.FASHION_MNIST, Optional.of(systemFolder), mirrors);
  }

  private PublishedSet published(PublishedSet like, Optional<Path> systemFolder, URI... mirrors) {
    return new PublishedSet(
        like.name(),
        like.title(),
        like.folderVariable(),
        systemFolder,
        like.classNames(),
        IdxFolder.FILES.stream().map(file -> sha256(plain(file))).toList(),
        List.of(mirrors));
  }
}
