package mnist.runs;

import com.fasterxml.jackson.core.JacksonException;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mnist.platform.Json;
import mnist.training.Measurement;

/**
 * What a training looked like, as recorded in the run's {@code view.record}; {@link
 * ViewRecordFormat} describes the file.
 *
 * @param header what holds for the whole run
 * @param batches the evaluations of training batches, in order
 * @param tests the evaluations of the test set, in order
 * @param damage one line about the file's damaged or missing end, if it has one
 */
public record ViewRecord(
    RecordHeader header,
    List<BatchSnapshot> batches,
    List<TestSnapshot> tests,
    Optional<String> damage) {
  /**
   * The evaluation of one training batch.
   *
   * @param seconds since the start of the training
   * @param images the index of each image in the training set
   * @param labels of the images, 0..9
   * @param predictions the predicted classes, 0..9
   * @param quantiles for each group of tensors [1 + layers][{@value ViewRecordFormat#QUANTILES}]:
   *     those of all its layers together, then those of each layer
   */
  public record BatchSnapshot(
      Measurement measurement,
      float seconds,
      int[] images,
      byte[] labels,
      byte[] predictions,
      float[][][] quantiles) {}

  /**
   * The evaluation of the test set.
   *
   * @param seconds since the start of the training
   * @param predictions the predicted class of each test image, 0..9
   * @param largestWeight the absolute weight that 127 stands for in {@code firstLayer}
   * @param firstLayer the weights of the first layer as images with pixels −127..127, one image
   *     after the other, row-major
   */
  public record TestSnapshot(
      Measurement measurement,
      float seconds,
      byte[] predictions,
      float largestWeight,
      byte[] firstLayer) {}

  /**
   * Reads the record of a run up to its last complete block.
   *
   * @param run the run's folder
   * @throws IOException if there is no record, or the file is not one
   */
  public static ViewRecord read(Path run) throws IOException {
    Path file = new RunFolder(run).viewRecord();
    ByteBuffer bytes;
    try {
      bytes = ViewRecordFormat.open(file);
    } catch (NoSuchFileException e) {
      throw new RunException(
          run
              + " has no "
              + RunFolder.VIEW_RECORD
              + ": the run was started without --view or --record-view",
          e);
    }
    Optional<ByteBuffer> first = ViewRecordFormat.nextBody(bytes);
    if (first.isEmpty() || first.get().get() != ViewRecordFormat.HEADER) {
      throw new RunException(file + " has no complete block yet; the run has just started");
    }
    RecordHeader header;
    try {
      byte[] json = new byte[first.get().remaining()];
      first.get().get(json);
      header = Json.MAPPER.readValue(json, RecordHeader.class);
    } catch (JacksonException | CharConversionException e) {
      throw new RunException(file + " has a damaged header", e);
    }
    List<BatchSnapshot> batches = new ArrayList<>();
    List<TestSnapshot> tests = new ArrayList<>();
    int good = bytes.position();
    try {
      for (Optional<ByteBuffer> next = ViewRecordFormat.nextBody(bytes);
          next.isPresent();
          next = ViewRecordFormat.nextBody(bytes)) {
        ByteBuffer body = next.get();
        switch (body.get()) {
          case ViewRecordFormat.BATCH -> batches.add(ViewRecordFormat.decodeBatch(body, header));
          case ViewRecordFormat.TEST -> tests.add(ViewRecordFormat.decodeTest(body, header));
          default -> {} // from a later version
        }
        good = bytes.position();
      }
    } catch (RunException e) {
      // a block that no run writes
    }
    Optional<String> damage =
        good < bytes.limit()
            ? Optional.of(
                "%s is truncated or damaged from byte %d; showing what precedes it"
                    .formatted(file, good))
            : Optional.empty();
    return new ViewRecord(header, batches, tests, damage);
  }

  /** The label of each test image, 0..9. */
  public byte[] testLabels() {
    return ViewRecordFormat.unpack(header.testLabels(), header.testImages());
  }
}
