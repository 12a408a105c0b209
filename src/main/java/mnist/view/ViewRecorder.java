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
import mnist.data.LabelledImages;
import mnist.data.Split;
import mnist.network.Network;
import mnist.training.Measurement;
import mnist.training.Observation;
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
  private final long started = System.nanoTime();
  private ByteBuffer block = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * Begins the record.
   *
   * @param folder the run's, which must not have one yet
   * @throws IOException if it cannot be written
   */
  public ViewRecorder(
      Path folder, Stage stage, Network network, DataSet data, Schedule schedule, int batchSize)
      throws IOException {
    this.data = data;
    header =
        new RecordHeader(
            stage.name(),
            stage.title(),
            stage.reportedAccuracy(),
            schedule.iterations(),
            batchSize,
            data.name(),
            data.classNames(),
            data.test().count(),
            ViewRecord.packed(data.test().labels()),
            SeenNodes.groups(network),
            List.of("weights", "biases"),
            SeenNodes.firstLayer(network));
    channel =
        FileChannel.open(
            folder.resolve(ViewRecord.FILE),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE);
    try {
      writeAll(ByteBuffer.wrap(ViewRecord.MAGIC.getBytes(UTF_8)));
      begin(ViewRecord.HEADER);
      put(ViewRecord.JSON.writeValueAsBytes(header));
      end();
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public Set<String> wants(Split split) {
    if (split == Split.TEST) {
      return Set.of(header.firstLayer().node());
    }
    Set<String> nodes = new TreeSet<>();
    header.groups().forEach(group -> nodes.addAll(group.nodes()));
    return nodes;
  }

  @Override
  public void observed(Observation seen) throws IOException {
    Measurement m = seen.measurement();
    begin(m.set() == Split.TRAIN ? ViewRecord.TRAIN : ViewRecord.TEST);
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
    end();
  }

  /** Which images, and of each the right class and what the network said. */
  private void putBatch(Observation seen) {
    int[] images = seen.images();
    int[] predicted = seen.predicted();
    LabelledImages training = data.training();
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
    room(4 * Spread.BOUNDARIES * spreads.size());
    for (List<FloatBuffer> parts : spreads) {
      for (float boundary : Spread.of(parts)) {
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

  private void begin(byte kind) {
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
  private void end() throws IOException {
    block.flip();
    ViewRecord.putHead(block);
    long whole = channel.position();
    try {
      writeAll(block);
    } catch (IOException e) {
      channel.truncate(whole);
      throw e;
    }
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
