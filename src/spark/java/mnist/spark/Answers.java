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

/**
 * What a model says of images as they come: it is asked about many at once, and no more are held.
 */
final class Answers implements Iterator<Row> {
  /**
   * A row of the answers: {@code image}, its name; {@code class} 0..9 and {@code probabilities},
   * ten; or {@code error}, why there are none.
   */
  static final StructType SCHEMA =
      new StructType()
          .add("image", DataTypes.StringType, false)
          .add("class", DataTypes.IntegerType, true)
          .add("probabilities", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("error", DataTypes.StringType, true);

  private final Model model;
  private final Iterator<Found> images;
  private final Deque<Row> answered = new ArrayDeque<>();

  Answers(Model model, Iterator<Found> images) {
    this.model = model;
    this.images = images;
  }

  @Override
  public boolean hasNext() {
    if (answered.isEmpty()) {
      answerNext();
    }
    return !answered.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return answered.remove();
  }

  private void answerNext() {
    List<Found> asked = new ArrayList<>();
    float[] pixels = new float[Model.BATCH_SIZE * PIXELS];
    int count = 0;
    while (asked.size() < Model.BATCH_SIZE && images.hasNext()) {
      Found image = images.next();
      asked.add(image);
      if (image.reason() == null) {
        System.arraycopy(image.pixels(), 0, pixels, count++ * PIXELS, PIXELS);
      }
    }
    List<Prediction> predictions =
        count == 0
            ? List.of()
            : Prediction.listOf(
                model.batchInvariantProbabilities(Arrays.copyOfRange(pixels, 0, count * PIXELS)));
    Iterator<Prediction> next = predictions.iterator();
    for (Found image : asked) {
      answered.add(image.reason() == null ? row(image, next.next()) : refusal(image));
    }
  }

  private static Row row(Found image, Prediction prediction) {
    return prediction.isValid()
        ? RowFactory.create(image.name(), prediction.best(), prediction.probabilities(), null)
        : refusal(Found.refused(image.name(), "the model's output is not probabilities"));
  }

  private static Row refusal(Found image) {
    return RowFactory.create(image.name(), null, null, image.reason());
  }
}
