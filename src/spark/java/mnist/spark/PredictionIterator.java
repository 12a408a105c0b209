package mnist.spark;

import static mnist.data.LabeledImages.PIXELS;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import mnist.model.Model;
import mnist.model.Prediction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Classifies a partition's images batch by batch; holds no more than a batch in memory. */
final class PredictionIterator implements Iterator<Row> {
  /**
   * The result: {@code image}, its name; {@code class} 0..9 and ten {@code probabilities}; or
   * {@code error}, the reason why there are none.
   */
  static final StructType SCHEMA =
      new StructType()
          .add("image", DataTypes.StringType, false)
          .add("class", DataTypes.IntegerType, true)
          .add("probabilities", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("error", DataTypes.StringType, true);

  private final Model model;
  private final Iterator<ImageOrError> images;
  private final Deque<Row> rows = new ArrayDeque<>();

  PredictionIterator(Model model, Iterator<ImageOrError> images) {
    this.model = model;
    this.images = images;
  }

  @Override
  public boolean hasNext() {
    return !rows.isEmpty() || images.hasNext();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    if (rows.isEmpty()) {
      predictBatch();
    }
    return rows.remove();
  }

  private void predictBatch() {
    List<ImageOrError> batch = new ArrayList<>();
    float[] pixels = new float[Model.BATCH_SIZE * PIXELS];
    int count = 0;
    while (batch.size() < Model.BATCH_SIZE && images.hasNext()) {
      ImageOrError image = images.next();
      batch.add(image);
      if (image.error() == null) {
        System.arraycopy(image.pixels(), 0, pixels, count++ * PIXELS, PIXELS);
      }
    }
    Iterator<Prediction> predictions =
        count == 0
            ? List.<Prediction>of().iterator()
            : Prediction.listOf(
                    model.batchInvariantProbabilities(Arrays.copyOf(pixels, count * PIXELS)))
                .iterator();
    for (ImageOrError image : batch) {
      rows.add(
          image.error() == null
              ? row(image.name(), predictions.next())
              : errorRow(image.name(), image.error()));
    }
  }

  private static Row row(String image, Prediction prediction) {
    return prediction.isValid()
        ? RowFactory.create(image, prediction.best(), prediction.probabilities(), null)
        : errorRow(image, "the model's output is not probabilities");
  }

  static Row errorRow(String image, String error) {
    return RowFactory.create(image, null, null, error);
  }
}
