package mnist.training;

import java.util.Map;
import java.util.Optional;

/**
 * All that it takes to go on with a training as if nothing had happened.
 *
 * @param next the iteration that comes next, from 0; everything before it is done
 * @param variables every variable by its name: weights and biases, the optimiser's too; row-major
 * @param drawn how many numbers each random node has drawn, in steps and in measurements, by its
 *     name
 * @param best when the test set was recognised best so far
 * @param last the last test measurement
 * @param seconds that the training took so far
 */
public record TrainingState(
    int next,
    Map<String, float[]> variables,
    Map<String, Long> drawn,
    Optional<TrainingResult.Best> best,
    Optional<Measurement> last,
    double seconds) {}
