package mnist.view;

import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.runs.RecordHeader;
import mnist.runs.RunFolder;
import mnist.training.Evaluation;
import mnist.training.Measurement;
import mnist.training.Schedule;
import mnist.training.TrainingListener;
import mnist.training.TrainingState;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.Summary;
import org.tensorflow.proto.SummaryMetadata;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Writes event files for TensorBoard into a run's folder. TensorBoard merges equal tags of several
 * folders into one chart, so batches go to {@code train} and the test set to {@code test}:
 *
 * <ul>
 *   <li>{@code accuracy} and {@code loss} of both, with every measurement; {@code learning_rate},
 *       which is the same for both, in {@code train}
 *   <li>in {@code train}, whenever the test set is measured too: the histogram of every layer's
 *       weights, biases, logits and activations (of the batch), such as {@code weights/W1}
 *   <li>in {@code test}: {@code mistakes}, a sheet of the first misclassified test images
 * </ul>
 */
public final class EventRecorder implements TrainingListener, Closeable {
  private final DataSet data;
  private final Schedule schedule;
  private final List<RecordHeader.Group> groups;
  private final SummaryMetadata sheetMetadata;
  private final EventFile train;
  private final EventFile test;

  /**
   * Starts the files of a new run, or continues those of a resumed one.
   *
   * @param from where a resumed run continues
   * @throws IOException if they cannot be written
   */
  public EventRecorder(
      RunFolder run, Network network, DataSet data, Schedule schedule, Optional<TrainingState> from)
      throws IOException {
    this.data = data;
    this.schedule = schedule;
    groups = VisualizedTensors.groups(network);
    sheetMetadata = sheetMetadata(data.classNames());
    int next = from.map(TrainingState::next).orElse(0);
    train = EventFile.open(run.eventFolder(Split.TRAIN), next);
    try {
      test = EventFile.open(run.eventFolder(Split.TEST), next);
    } catch (IOException e) {
      train.close();
      throw e;
    }
  }

  /** With the text in Markdown that TensorBoard shows beside the sheet. */
  private static SummaryMetadata sheetMetadata(List<String> classNames) {
    StringBuilder description =
        new StringBuilder(
            "The first misclassified test images; below each its label (green) and the predicted"
                + " class (red).");
    if (!classNames.equals(DataSet.DIGITS)) {
      for (int i = 0; i < classNames.size(); i++) {
        description.append("\n- ").append(i).append(": ").append(classNames.get(i));
      }
    }
    return SummaryMetadata.newBuilder()
        .setPluginData(SummaryMetadata.PluginData.newBuilder().setPluginName("images"))
        .setSummaryDescription(description.toString())
        .build();
  }

  @Override
  public Set<String> requestedTensors(Split split) {
    Set<String> nodes = new TreeSet<>();
    if (split == Split.TRAIN) {
      groups.forEach(group -> nodes.addAll(group.nodes()));
    }
    return nodes;
  }

  @Override
  public void onEvaluation(Evaluation evaluation) throws IOException {
    Measurement m = evaluation.measurement();
    Summary.Builder summary = Summary.newBuilder();
    summary.addValue(scalar("accuracy", m.accuracy())).addValue(scalar("loss", m.loss()));
    if (m.set() == Split.TRAIN) {
      summary.addValue(scalar("learning_rate", m.learningRate()));
      if (schedule.measuresTest(m.iteration())) {
        for (RecordHeader.Group group : groups) {
          for (String node : group.nodes()) {
            summary
                .addValueBuilder()
                .setTag(group.name() + "/" + node)
                .setHisto(Histogram.of(evaluation.values(node)));
          }
        }
      }
      train.add(m.iteration(), summary.build());
    } else {
      summary.addValue(sheet(evaluation.predicted()));
      test.add(m.iteration(), summary.build());
    }
  }

  private static Summary.Value scalar(String tag, float value) {
    return Summary.Value.newBuilder().setTag(tag).setSimpleValue(value).build();
  }

  private Summary.Value sheet(int[] predictions) throws IOException {
    BufferedImage sheet = Misclassified.sheet(data.test(), predictions);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
      ImageIO.write(sheet, "png", out);
    }
    // As a tensor it keeps its description; of a Summary.Image TensorBoard shows the picture only.
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .setTensorShape(
                TensorShapeProto.newBuilder().addDim(TensorShapeProto.Dim.newBuilder().setSize(3)))
            .addStringVal(ByteString.copyFromUtf8(Integer.toString(sheet.getWidth())))
            .addStringVal(ByteString.copyFromUtf8(Integer.toString(sheet.getHeight())))
            .addStringVal(ByteString.copyFrom(png.toByteArray()));
    return Summary.Value.newBuilder()
        .setTag("mistakes")
        .setMetadata(sheetMetadata)
        .setTensor(tensor)
        .build();
  }

  @Override
  public void close() throws IOException {
    try (test) {
      train.close();
    }
  }
}
