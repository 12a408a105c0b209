package mnist.training;

import java.util.Map;
import java.util.Optional;

/**
 * Everything needed to resume a training exactly where it stopped.
 *
 * @param next the next iteration, from 0; everything before it is done
 * @param variables the values of all variables by name, the optimizer's included; row-major
 * @param drawn how many numbers each random node has drawn, by name
 * @param best the best test measurement so far
 * @param last the last test measurement
 * @param seconds the duration of the training so far
 */
public record TrainingState(
    int next,
    Map<String, float[]> variables,
    Map<String, Long> drawn,
    Optional<TrainingResult.Best> best,
    Optional<Measurement> last,
    double seconds) {}
