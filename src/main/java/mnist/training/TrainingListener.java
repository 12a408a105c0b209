package mnist.training;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import mnist.data.Split;

/**
 * Hears of a training as it goes on. It is told of results, never given anything that it could
 * change, so that the numbers of a run do not depend on who listens.
 */
public interface TrainingListener {

  /**
   * The nodes whose values it wants to see with every measurement of a split; asked once, before
   * the training. They are fetched in the runs that measure anyway: one run more would move
   * dropout's random numbers on.
   *
   * @return names in the graph, such as "W1" or "Ylogits", each of a float32 node
   */
  default Set<String> requestedTensors(Split split) {
    return Set.of();
  }

  /**
   * A measurement was made.
   *
   * @throws IOException if it could not be kept, which ends the run
   */
  default void onEvaluation(Evaluation evaluation) throws IOException {}

  /**
   * A step was made.
   *
   * @param iteration its number, from 0
   * @param nanos how long it took, in nanoseconds, filling the batch included
   */
  default void onStep(int iteration, long nanos) {}

  /**
   * Everything before an iteration is done.
   *
   * @param next the iteration
   * @param last whether the training ends here
   * @param state gives all that it takes to go on from here, at a price: ask if it is wanted
   * @throws IOException if it could not be kept, which ends the run
   */
  default void onProgress(int next, boolean last, Supplier<TrainingState> state)
      throws IOException {}

  /** One that adds every measurement to a list. */
  static TrainingListener keeping(List<Measurement> measurements) {
    return new TrainingListener() {
      @Override
      public void onEvaluation(Evaluation evaluation) {
        measurements.add(evaluation.measurement());
      }
    };
  }

  /** One listener that tells several, in this order. */
  static TrainingListener all(List<TrainingListener> listeners) {
    return new TrainingListener() {
      @Override
      public Set<String> requestedTensors(Split split) {
        Set<String> all = new LinkedHashSet<>();
        listeners.forEach(listener -> all.addAll(listener.requestedTensors(split)));
        return all;
      }

      @Override
      public void onEvaluation(Evaluation evaluation) throws IOException {
        for (TrainingListener listener : listeners) {
          listener.onEvaluation(evaluation);
        }
      }

      @Override
      public void onStep(int iteration, long nanos) {
        listeners.forEach(listener -> listener.onStep(iteration, nanos));
      }

      @Override
      public void onProgress(int next, boolean last, Supplier<TrainingState> state)
          throws IOException {
        for (TrainingListener listener : listeners) {
          listener.onProgress(next, last, state);
        }
      }
    };
  }
}
