package mnist.export;

/**
 * What a model says of one image.
 *
 * @param probabilities of the classes 0..9, each 0..1
 */
public record Prediction(float[] probabilities) {

  /** The most probable class, the lower of two that are equally probable. */
  public int best() {
    return mostProbableBut(-1);
  }

  /** The most probable class after {@link #best()}. */
  public int nextBest() {
    return mostProbableBut(best());
  }

  private int mostProbableBut(int excluded) {
    int most = -1;
    for (int c = 0; c < probabilities.length; c++) {
      if (c != excluded && (most < 0 || probabilities[c] > probabilities[most])) {
        most = c;
      }
    }
    return most;
  }
}
