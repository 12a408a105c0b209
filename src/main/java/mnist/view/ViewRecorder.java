package mnist.view;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.runs.RecordHeader;
import mnist.runs.RunFolder;
import mnist.runs.ViewRecord;
import mnist.runs.ViewRecord.BatchSnapshot;
import mnist.runs.ViewRecord.TestSnapshot;
import mnist.runs.ViewRecordFormat;
import mnist.runs.ViewRecordWriter;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.Schedule;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;

/** Records what a training looks like, one snapshot per evaluation, in the {@link ViewRecord}. */
public final class ViewRecorder implements TrainingListener, Closeable {
  private final DataSet data;
  private final RecordHeader header;
  private final ViewRecordWriter writer;
  private final long started;

  /**
   * Starts the record of a new run, or continues that of a resumed one.
   *
   * @param from where a resumed run continues
   * @throws IOException if a resumed run has no record, or it cannot be written
   */
  public ViewRecorder(
      RunFolder run,
      Stage stage,
      Network network,
      DataSet data,
      Schedule schedule,
      int batchSize,
      Optional<TrainingState> from)
      throws IOException {
    this.data = data;
    List<RecordHeader.Group> groups = VisualizedTensors.groups(network);
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
            ViewRecordFormat.pack(data.test().labels()),
            groups,
            VisualizedTensors.panels(groups),
            VisualizedTensors.firstLayer(network));
    writer = new ViewRecordWriter(run, header, from.map(TrainingState::next).orElse(0));
    started = System.nanoTime() - (long) (from.map(TrainingState::seconds).orElse(0.0) * 1e9);
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
  public void onEvaluation(Evaluation evaluation) throws IOException {
    Measurement measurement = evaluation.measurement();
    if (!isRecorded(measurement.iteration())) {
      return;
    }
    float seconds = (System.nanoTime() - started) / 1e9f;
    int[] predicted = evaluation.predicted();
    byte[] predictions = new byte[predicted.length];
    for (int i = 0; i < predicted.length; i++) {
      predictions[i] = (byte) predicted[i];
    }
    if (measurement.set() == Split.TEST) {
      FloatBuffer weights = evaluation.values(header.firstLayer().node());
      float largest = largest(weights);
      writer.append(
          new TestSnapshot(
              measurement, seconds, predictions, largest, firstLayer(weights, largest)));
    } else {
      int[] images = evaluation.images();
      byte[] labels = new byte[images.length];
      for (int i = 0; i < images.length; i++) {
        labels[i] = data.training().labels()[images[i]];
      }
      writer.append(
          new BatchSnapshot(
              measurement, seconds, images, labels, predictions, quantiles(evaluation)));
    }
  }

  /**
   * Keeps the record of a long run small, whatever the run's length: every evaluation of the first
   * 30,000 iterations is recorded, then every thousandth iteration, then every ten thousandth.
   */
  private static boolean isRecorded(int iteration) {
    return iteration <= 30_000
        || iteration % 1_000 == 0 && iteration <= 200_000
        || iteration % 10_000 == 0;
  }

  private float[][][] quantiles(Evaluation evaluation) {
    return header.groups().stream()
        .map(
            group -> {
              List<FloatBuffer> layers = group.nodes().stream().map(evaluation::values).toList();
              return Stream.concat(Stream.of(layers), layers.stream().map(List::of))
                  .map(Quantiles::of)
                  .toArray(float[][]::new);
            })
        .toArray(float[][][]::new);
  }

  private float largest(FloatBuffer weights) {
    RecordHeader.FirstLayer layer = header.firstLayer();
    float largest = 0;
    for (int i = 0; i < layer.rows() * layer.columns() * layer.neurons(); i++) {
      if (i % layer.neurons() < layer.pictures()) {
        largest = Math.max(largest, Math.abs(weights.get(i)));
      }
    }
    return largest;
  }

  /** From [pixels, neurons] to [pictures, pixels] in −127..127. */
  private byte[] firstLayer(FloatBuffer weights, float largest) {
    RecordHeader.FirstLayer layer = header.firstLayer();
    int pixels = layer.rows() * layer.columns();
    byte[] pictures = new byte[layer.pictures() * pixels];
    for (int i = 0; i < pictures.length; i++) {
      float weight = weights.get(i % pixels * layer.neurons() + i / pixels);
      pictures[i] = (byte) (largest == 0 ? 0 : Math.round(127 * weight / largest));
    }
    return pictures;
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
