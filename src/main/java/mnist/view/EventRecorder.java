package mnist.view;

import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.Summary;
import org.tensorflow.proto.SummaryMetadata;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Writes a run for TensorBoard into its folder as it goes on. TensorBoard draws what has the same
 * name in several folders into one chart, so batches go to {@code train} and the test set to {@code
 * test}:
 *
 * <ul>
 *   <li>{@code accuracy} and {@code loss} of both, with every measurement; {@code learning_rate},
 *       which is the same for both, in {@code train}
 *   <li>in {@code train}, whenever the test set is measured too: the histogram of every layer's
 *       weights, biases, logits and activations (of the batch), such as {@code weights/W1}
 *   <li>in {@code test}: {@code mistakes}, a sheet of the first test images that are recognised
 *       wrongly
 * </ul>
 */
public final class EventRecorder implements TrainingListener, Closeable {
  private final DataSet data;
  private final Schedule schedule;
  private final List<RecordHeader.Group> groups;
  private final SummaryMetadata aboutMistakes;
  private final EventFile train;
  private final EventFile test;

  /** How a file is opened in its folder. */
  private interface Opening {
    EventFile in(Path folder) throws IOException;
  }

  /**
   * Begins both files.
   *
   * @param folder the run's, which must not have the folders {@code train} and {@code test} yet
   * @throws IOException if they cannot be written
   */
  public static EventRecorder begin(Path folder, Network network, DataSet data, Schedule schedule)
      throws IOException {
    return new EventRecorder(folder, network, data, schedule, EventFile::in);
  }

  /**
   * Takes up both files of a run that goes on.
   *
   * @param next the first iteration that is made again
   * @throws IOException if they are not there, or cannot be written
   */
  public static EventRecorder resume(
      Path folder, Network network, DataSet data, Schedule schedule, int next) throws IOException {
    return new EventRecorder(folder, network, data, schedule, path -> EventFile.resume(path, next));
  }

  private EventRecorder(
      Path folder, Network network, DataSet data, Schedule schedule, Opening opening)
      throws IOException {
    this.data = data;
    this.schedule = schedule;
    groups = VisualizedTensors.groups(network);
    aboutMistakes = aboutMistakes(data.classNames());
    train = opening.in(new RunFolder(folder).eventFolder(Split.TRAIN));
    try {
      test = opening.in(new RunFolder(folder).eventFolder(Split.TEST));
    } catch (IOException e) {
      train.close();
      throw e;
    }
  }

  /** What TensorBoard says beside the sheet, in Markdown. */
  private static SummaryMetadata aboutMistakes(List<String> classNames) {
    StringBuilder about =
        new StringBuilder(
            "The first test images that are recognised wrongly; below each the right class (green)"
                + " and the given one (red).");
    if (!classNames.equals(DataSet.DIGITS)) {
      for (int i = 0; i < classNames.size(); i++) {
        about.append("\n- ").append(i).append(": ").append(classNames.get(i));
      }
    }
    return SummaryMetadata.newBuilder()
        .setPluginData(SummaryMetadata.PluginData.newBuilder().setPluginName("images"))
        .setSummaryDescription(about.toString())
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
  public void onEvaluation(Evaluation seen) throws IOException {
    Measurement m = seen.measurement();
    Summary.Builder summary = Summary.newBuilder();
    summary.addValue(scalar("accuracy", m.accuracy())).addValue(scalar("loss", m.loss()));
    if (m.set() == Split.TRAIN) {
      summary.addValue(scalar("learning_rate", m.learningRate()));
      if (schedule.measuresTest(m.iteration())) {
        addHistograms(summary, seen);
      }
      train.add(m.iteration(), summary.build());
    } else {
      summary.addValue(mistakes(seen.predicted()));
      test.add(m.iteration(), summary.build());
    }
  }

  private static Summary.Value scalar(String tag, float value) {
    return Summary.Value.newBuilder().setTag(tag).setSimpleValue(value).build();
  }

  private void addHistograms(Summary.Builder summary, Evaluation seen) {
    for (RecordHeader.Group group : groups) {
      for (String node : group.nodes()) {
        summary
            .addValueBuilder()
            .setTag(group.name() + "/" + node)
            .setHisto(Histogram.of(seen.values(node)));
      }
    }
  }

  private Summary.Value mistakes(int[] predicted) throws IOException {
    BufferedImage sheet = Misclassified.sheet(data.test(), predicted);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
      ImageIO.write(sheet, "png", out);
    }
    // The form that keeps its description; of Summary.Image TensorBoard shows the picture only.
    return Summary.Value.newBuilder()
        .setTag("mistakes")
        .setMetadata(aboutMistakes)
        .setTensor(
            TensorProto.newBuilder()
                .setDtype(DataType.DT_STRING)
                .setTensorShape(
                    TensorShapeProto.newBuilder()
                        .addDim(TensorShapeProto.Dim.newBuilder().setSize(3)))
                .addStringVal(ByteString.copyFromUtf8(Integer.toString(sheet.getWidth())))
                .addStringVal(ByteString.copyFromUtf8(Integer.toString(sheet.getHeight())))
                .addStringVal(ByteString.copyFrom(png.toByteArray())))
        .build();
  }

  @Override
  public void close() throws IOException {
    try (test) {
      train.close();
    }
  }
}
