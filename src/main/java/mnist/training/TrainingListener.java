package mnist.training;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import mnist.data.Split;

/**
 * Observes a training. A listener receives results and nothing that it could change, so the numbers
 * of a run do not depend on who listens.
 */
public interface TrainingListener {

  /**
   * The nodes whose values this listener needs in every evaluation of a split; called once, before
   * the training. They are fetched in the runs that measure anyway, since an additional run would
   * advance dropout's random numbers.
   *
   * @return names of float32 nodes in the graph, such as "W1" or "Ylogits"
   */
  default Set<String> requestedTensors(Split split) {
    return Set.of();
  }

  /**
   * Called after each measurement.
   *
   * @throws IOException to end the run, if the evaluation cannot be stored
   */
  default void onEvaluation(Evaluation evaluation) throws IOException {}

  /**
   * Called after each training step.
   *
   * @param iteration its number, from 0
   * @param nanos how long it took in nanoseconds, including filling the batch
   */
  default void onStep(int iteration, long nanos) {}

  /**
   * Called after each step, and once more at the end, when the state may be saved.
   *
   * @param next the next iteration; everything before it is done
   * @param last whether the training ends here
   * @param state everything needed to resume from here; costly, so get it only to save it
   * @throws IOException to end the run, if the state cannot be saved
   */
  default void onProgress(int next, boolean last, Supplier<TrainingState> state)
      throws IOException {}

  /** A listener that adds every measurement to a list. */
  static TrainingListener collecting(List<Measurement> measurements) {
    return new TrainingListener() {
      @Override
      public void onEvaluation(Evaluation evaluation) {
        measurements.add(evaluation.measurement());
      }
    };
  }

  /** A listener that calls several, in this order. */
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
