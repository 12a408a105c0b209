package mnist.runs;

import java.util.Map;
import mnist.training.Measurement;

/**
 * What a checkpoint says beside its variables, in {@code state.json}.
 *
 * @param stage the stage's number
 * @param next the iteration that comes next
 * @param seconds that the training took so far
 * @param randomNumbersDrawn how many numbers each random node has drawn, by its name
 * @param lastTest the last test measurement, null before the first
 * @param bestTest the best one, null before the first; its weights are among the variables
 * @param confusion what was taken for what in it: confusion[right][said]
 * @param tensorflow the version that wrote the variables
 * @param onednn whether its kernels were oneDNN's
 */
record CheckpointState(
    String stage,
    int next,
    double seconds,
    Map<String, Long> randomNumbersDrawn,
    Measurement lastTest,
    Measurement bestTest,
    int[][] confusion,
    String tensorflow,
    boolean onednn) {}
