package mnist.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import mnist.data.LabeledImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.HistogramProto;
import org.tensorflow.proto.Summary;

class EventFileTest {
  @TempDir Path temporary;

  private static Summary summary(String tag, float value) {
    return Summary.newBuilder()
        .addValue(Summary.Value.newBuilder().setTag(tag).setSimpleValue(value))
        .build();
  }

  // ---- The file

  @Test
  void containsTheEventsInOrder() throws Exception {
    Path folder = temporary.resolve("train");
    double before = System.currentTimeMillis() / 1000.0;
    try (EventFile file = EventFile.open(folder, 0)) {
      file.add(0, summary("loss", 2.5f));
      file.add(1_000_000_000, summary("loss", 0));
    }

    Path file = only(folder);
    assertThat(file.getFileName().toString()).matches("events\\.out\\.tfevents\\.\\d{10}\\.mnist");
    List<Event> events = Events.in(file);
    assertThat(events).extracting(Event::getStep).containsExactly(0L, 0L, 1_000_000_000L);
    assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
    assertThat(events.get(1).getSummary()).isEqualTo(summary("loss", 2.5f));
    assertThat(events.get(2).getSummary()).isEqualTo(summary("loss", 0));
    assertThat(events)
        .extracting(Event::getWallTime)
        .isSorted()
        .allMatch(time -> time >= before && time < before + 600);
  }

  @Test
  void startsLikeEveryEventFileOfTensorFlow() throws Exception {
    Path folder = temporary.resolve("train");
    EventFile.open(folder, 0).close();
    assertThat(Arrays.copyOf(Files.readAllBytes(only(folder)), 12))
        .inHexadecimal()
        .containsExactly(0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22);
  }

  private static Path only(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  @Test
  void aFullDiskLeavesNoPartialRecord() throws Exception {
    Path path = temporary.resolve("events");
    try (EventFile file = new EventFile(onDiskWithRoomFor(150, path))) {
      file.add(1, summary("accuracy", 0.5f));
      file.add(2, summary("accuracy", 0.6f));
      assertThatThrownBy(() -> file.add(3, summary("accuracy", 0.7f)))
          .isInstanceOf(IOException.class)
          .hasMessage("No space left on device");
    }
    assertThat(Events.in(path)).extracting(Event::getStep).containsExactly(0L, 1L, 2L);
  }

  /** A channel that writes what still fits, and then fails. */
  private static SeekableByteChannel onDiskWithRoomFor(int bytes, Path path) throws IOException {
    SeekableByteChannel channel =
        Files.newByteChannel(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    return (SeekableByteChannel)
        Proxy.newProxyInstance(
            EventFileTest.class.getClassLoader(),
            new Class<?>[] {SeekableByteChannel.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("write")) {
                ByteBuffer source = (ByteBuffer) arguments[0];
                int fits = (int) Math.min(source.remaining(), bytes - channel.position());
                if (fits == 0) {
                  throw new IOException("No space left on device");
                }
                channel.write(source.slice(source.position(), fits));
                source.position(source.position() + fits);
                return fits;
              }
              return method.invoke(channel, arguments);
            });
  }

  // ---- Histograms

  @Test
  void countsValuesInBucketsOfEqualWidth() {
    float[] numbers = new float[601];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i * 0.5f - 100; // -100 to 200, a bucket is 5 wide
    }
    HistogramProto histogram = Histogram.of(FloatBuffer.wrap(numbers));
    assertThat(histogram.getMin()).isEqualTo(-100);
    assertThat(histogram.getMax()).isEqualTo(200);
    assertThat(histogram.getNum()).isEqualTo(601);
    assertThat(histogram.getSum()).isEqualTo(601 * 50);
    assertThat(histogram.getSumSquares()).isEqualTo(601 * 2500 + 0.25 * 300 * 301 * 601 / 3);
    assertThat(histogram.getBucketLimitList()).hasSize(60).startsWith(-95.0, -90.0).endsWith(200.0);
    assertThat(histogram.getBucketList().subList(0, 59)).containsOnly(10.0);
    assertThat(histogram.getBucket(59)).isEqualTo(11); // the largest number too
  }

  @Test
  void equalValuesShareOneBucket() {
    HistogramProto histogram = Histogram.of(FloatBuffer.wrap(new float[] {0.1f, 0.1f, 0.1f}));
    assertThat(histogram.getBucketLimitList()).containsExactly((double) 0.1f);
    assertThat(histogram.getBucketList()).containsExactly(3.0);
  }

  @Test
  void ignoresNaNAndInfinities() {
    float[] numbers = {Float.NaN, -1, Float.POSITIVE_INFINITY, 1, Float.NEGATIVE_INFINITY};
    HistogramProto histogram = Histogram.of(FloatBuffer.wrap(numbers));
    assertThat(histogram.getMin()).isEqualTo(-1);
    assertThat(histogram.getMax()).isEqualTo(1);
    assertThat(histogram.getBucketList().stream().mapToDouble(count -> count).sum()).isEqualTo(2);
    HistogramProto none = Histogram.of(FloatBuffer.wrap(new float[] {Float.NaN}));
    assertThat(none).isEqualTo(HistogramProto.getDefaultInstance());
  }

  // ---- The sheet of misclassified images

  @Test
  void theSheetShowsMisclassifiedImagesWithLabelAndPrediction() {
    byte[] pixels = new byte[3 * LabeledImages.PIXELS];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 31 / 28);
    }
    LabeledImages test = new LabeledImages(pixels, new byte[] {4, 1, 8});
    BufferedImage sheet = Misclassified.sheet(test, new int[] {4, 7, 3});

    for (int tile = 0; tile < 2; tile++) {
      int left = tile * Misclassified.TILE_WIDTH + 1;
      for (int pixel = 0; pixel < LabeledImages.PIXELS; pixel++) {
        int intensity = pixels[(tile + 1) * LabeledImages.PIXELS + pixel] & 0xff;
        assertThat(sheet.getRGB(left + pixel % 28, 1 + pixel / 28) & 0xffffff)
            .isEqualTo(intensity << 16 | intensity << 8 | intensity);
      }
    }
    // The second tile's classes: 8 and 3.
    assertThat(drawn(sheet, Misclassified.TILE_WIDTH + 7, Misclassified.LABEL_COLOR))
        .containsExactly("###", "# #", "###", "# #", "###");
    assertThat(drawn(sheet, Misclassified.TILE_WIDTH + 17, Misclassified.PREDICTION_COLOR))
        .containsExactly("###", "  #", "###", "  #", "###");
    for (int x = 2 * Misclassified.TILE_WIDTH; x < sheet.getWidth(); x++) {
      assertThat(sheet.getRGB(x, 10) & 0xffffff).isZero();
    }
  }

  private static String[] drawn(BufferedImage sheet, int left, int color) {
    String[] rows = new String[5];
    for (int row = 0; row < rows.length; row++) {
      StringBuilder dots = new StringBuilder();
      for (int column = 0; column < 3; column++) {
        int found = sheet.getRGB(left + 2 * column, 30 + 2 * row) & 0xffffff;
        dots.append(found == color ? '#' : ' ');
      }
      rows[row] = dots.toString();
    }
    return rows;
  }

  @Test
  void theSheetShowsTheFirstHundred() {
    byte[] pixels = new byte[101 * LabeledImages.PIXELS];
    Arrays.fill(pixels, (byte) 255);
    LabeledImages test = new LabeledImages(pixels, new byte[101]);
    int[] predicted = new int[101];
    Arrays.fill(predicted, 1);
    BufferedImage sheet = Misclassified.sheet(test, predicted);
    assertThat(sheet.getWidth()).isEqualTo(300);
    assertThat(sheet.getHeight()).isEqualTo(420);
    assertThat(sheet.getRGB(280, 390) & 0xffffff).isEqualTo(0xffffff);
  }
}
