package mnist.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.platform.AtomicFile;
import mnist.platform.Json;
import mnist.runs.RecordHeader;
import mnist.runs.ViewRecord;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.Schedule;
import mnist.training.Stage;
import mnist.training.TrainingListener;

/**
 * Writes what a run looks like into its folder as it goes on, one block a measurement; {@link
 * ViewRecord} says in which form.
 */
public final class ViewRecorder implements TrainingListener, Closeable {
  private final DataSet data;
  private final RecordHeader header;
  private final FileChannel channel;
  private final long started;
  private ByteBuffer block = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * Begins the record of a run.
   *
   * @param folder the run's, which must not have one yet
   * @throws IOException if it cannot be written
   */
  public static ViewRecorder begin(
      Path folder, Stage stage, Network network, DataSet data, Schedule schedule, int batchSize)
      throws IOException {
    RecordHeader header = header(stage, network, data, schedule, batchSize);
    return new ViewRecorder(folder, header, data, ByteBuffer.allocate(0), 0);
  }

  /**
   * Takes up the record of a run that goes on.
   *
   * @param next the first iteration that is made again
   * @param seconds that the training took until there
   * @throws IOException if there is none, or it cannot be written
   */
  public static ViewRecorder resume(
      Path folder,
      Stage stage,
      Network network,
      DataSet data,
      Schedule schedule,
      int batchSize,
      int next,
      double seconds)
      throws IOException {
    RecordHeader header = header(stage, network, data, schedule, batchSize);
    ByteBuffer kept = ViewRecord.blocksBefore(folder.resolve(ViewRecord.FILE), next);
    return new ViewRecorder(folder, header, data, kept, seconds);
  }

  private ViewRecorder(
      Path folder, RecordHeader header, DataSet data, ByteBuffer kept, double seconds)
      throws IOException {
    this.data = data;
    this.header = header;
    started = System.nanoTime() - (long) (seconds * 1e9);
    Path file = folder.resolve(ViewRecord.FILE);
    try (AtomicFile draft = AtomicFile.of(file)) {
      try (FileChannel whole =
          FileChannel.open(draft.path(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeAll(whole, ByteBuffer.wrap(ViewRecord.MAGIC.getBytes(UTF_8)));
        startBlock(ViewRecord.HEADER);
        put(Json.MAPPER.writeValueAsBytes(header));
        ViewRecord.putHead(block.flip());
        writeAll(whole, block);
        writeAll(whole, kept);
      }
      draft.replace();
    }
    channel = FileChannel.open(file, StandardOpenOption.WRITE);
    channel.position(channel.size());
  }

  private static RecordHeader header(
      Stage stage, Network network, DataSet data, Schedule schedule, int batchSize) {
    List<RecordHeader.Group> groups = VisualizedTensors.groups(network);
    return new RecordHeader(
        stage.name(),
        stage.title(),
        stage.reportedAccuracy(),
        schedule.iterations(),
        batchSize,
        data.name(),
        data.classNames(),
        data.test().count(),
        ViewRecord.packed(data.test().labels()),
        groups,
        VisualizedTensors.panels(groups),
        VisualizedTensors.firstLayer(network));
  }

  @Override
  public Set<String> requestedTensors(Split split) {
    if (split == Split.TEST) {
      return Set.of(header.firstLayer().node());
    }
    Set<String> nodes = new TreeSet<>();
    header.groups().forEach(group -> nodes.addAll(group.nodes()));
    return nodes;
  }

  @Override
  public void onEvaluation(Evaluation seen) throws IOException {
    Measurement m = seen.measurement();
    if (!isKept(m.iteration())) {
      return;
    }
    startBlock(m.set() == Split.TRAIN ? ViewRecord.TRAIN : ViewRecord.TEST);
    room(24).putInt(m.iteration()).putInt(m.epoch());
    block.putFloat(m.accuracy()).putFloat(m.loss()).putFloat(m.learningRate());
    block.putFloat((System.nanoTime() - started) / 1e9f);
    if (m.set() == Split.TRAIN) {
      putBatch(seen);
      for (RecordHeader.Group group : header.groups()) {
        putSpreads(group.nodes().stream().map(seen::values).toList());
      }
    } else {
      put(ViewRecord.packed(seen.predicted()));
      putFirstLayer(seen.values(header.firstLayer().node()));
    }
    endBlock();
  }

  /**
   * Of a long run less and less is kept, whichever its length, so that the record stays small: all
   * of the first 30,000 iterations, then every thousandth, then every ten thousandth.
   */
  private static boolean isKept(int iteration) {
    return iteration <= 30_000
        || iteration % 1_000 == 0 && iteration <= 200_000
        || iteration % 10_000 == 0;
  }

  /** Which images, and of each the right class and what the network said. */
  private void putBatch(Evaluation seen) {
    int[] images = seen.images();
    int[] predicted = seen.predicted();
    LabeledImages training = data.training();
    room(4 + 5 * images.length).putInt(images.length);
    for (int image : images) {
      block.putInt(image);
    }
    for (int i = 0; i < images.length; i++) {
      block.put((byte) (training.labels()[images[i]] | predicted[i] << 4));
    }
  }

  /** Of all layers together, then of each. */
  private void putSpreads(List<FloatBuffer> layers) {
    List<List<FloatBuffer>> spreads = new ArrayList<>();
    spreads.add(layers);
    layers.forEach(layer -> spreads.add(List.of(layer)));
    room(4 * ViewRecord.QUANTILES * spreads.size());
    for (List<FloatBuffer> parts : spreads) {
      for (float boundary : Quantiles.of(parts)) {
        block.putFloat(boundary);
      }
    }
  }

  /** Pictures as bytes −127..127, and what 127 stands for. */
  private void putFirstLayer(FloatBuffer weights) {
    RecordHeader.FirstLayer layer = header.firstLayer();
    int pixels = layer.rows() * layer.columns();
    float largest = 0;
    for (int pixel = 0; pixel < pixels; pixel++) {
      for (int i = 0; i < layer.pictures(); i++) {
        largest = Math.max(largest, Math.abs(weights.get(pixel * layer.neurons() + i)));
      }
    }
    room(4 + pixels * layer.pictures()).putFloat(largest);
    for (int i = 0; i < layer.pictures(); i++) {
      for (int pixel = 0; pixel < pixels; pixel++) {
        float weight = weights.get(pixel * layer.neurons() + i);
        block.put((byte) (largest == 0 ? 0 : Math.round(127 * weight / largest)));
      }
    }
  }

  // ---- Blocks

  private void startBlock(byte kind) {
    block.clear().position(ViewRecord.BLOCK_HEAD); // written at the end
    block.put(kind);
  }

  private void put(byte[] bytes) {
    room(bytes.length).put(bytes);
  }

  /** Makes sure that so many more bytes fit. */
  private ByteBuffer room(int bytes) {
    if (block.remaining() < bytes) {
      block =
          ByteBuffer.allocate(2 * (block.position() + bytes))
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(block.flip());
    }
    return block;
  }

  /** Writes the block whole, or takes back what a full disk has left of it. */
  private void endBlock() throws IOException {
    ViewRecord.putHead(block.flip());
    long whole = channel.position();
    try {
      writeAll(channel, block);
    } catch (IOException e) {
      channel.truncate(whole);
      throw e;
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
