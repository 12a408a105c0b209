package mnist.training;

import mnist.data.Split;

/**
 * Accuracy and loss at one iteration.
 *
 * @param iteration from 0; measured before its training step, if it has one
 * @param epoch the pass through the training images that this iteration belongs to, from 1
 * @param set TRAIN for the batch of this iteration, TEST for the whole test set
 * @param accuracy the share of images that are classified correctly, 0..1
 * @param loss the cross-entropy as the stage scales it, 0 or more
 * @param learningRate of this iteration's step
 */
public record Measurement(
    int iteration, int epoch, Split set, float accuracy, float loss, float learningRate) {}
