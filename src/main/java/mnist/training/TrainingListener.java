package mnist.training;

import java.io.IOException;

/**
 * Hears of a training as it goes on. It is told of results, never given anything that it could
 * change, so that the numbers of a run do not depend on who listens.
 */
public interface TrainingListener {

  /**
   * A measurement was made.
   *
   * @throws IOException if it could not be kept, which ends the run
   */
  default void measured(Measurement measurement) throws IOException {}

  /**
   * A step was made.
   *
   * @param iteration its number, from 0
   * @param nanos how long it took, in nanoseconds, filling the batch included
   */
  default void stepped(int iteration, long nanos) {}

  /** One listener that tells several, in this order. */
  static TrainingListener all(TrainingListener... listeners) {
    return new TrainingListener() {
      @Override
      public void measured(Measurement measurement) throws IOException {
        for (TrainingListener listener : listeners) {
          listener.measured(measurement);
        }
      }

      @Override
      public void stepped(int iteration, long nanos) {
        for (TrainingListener listener : listeners) {
          listener.stepped(iteration, nanos);
        }
      }
    };
  }
}
