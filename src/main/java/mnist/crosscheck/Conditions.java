package mnist.crosscheck;

import java.util.Map;

/**
 * What two runs must have in common to be compared.
 *
 * @param stage the stage's number
 * @param iterations the last iteration
 * @param batchSize images per step
 * @param seed of weights, dropout and the order of the images
 * @param sha256 of the data set's files: file name → hexadecimal digits
 */
public record RunOptions(
    String stage, int iterations, int batchSize, long seed, Map<String, String> sha256) {}
