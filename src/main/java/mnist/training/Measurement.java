package mnist.training;

import mnist.data.Split;

/**
 * What one measurement found.
 *
 * @param iteration the iteration before whose step it was made, from 0
 * @param epoch which time through the training images this iteration belongs to, from 1
 * @param set what was measured: the batch of this iteration, or the whole test set
 * @param accuracy the share of images that were recognised, 0..1
 * @param loss the cross-entropy as the stage scales it, 0 or more
 * @param learningRate the learning rate of this iteration's step
 */
public record Measurement(
    int iteration, int epoch, Split set, float accuracy, float loss, float learningRate) {}
