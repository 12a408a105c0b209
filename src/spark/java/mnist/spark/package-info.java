/**
 * Many runs of a stage, and many images for a model: on all cores of this machine, or of several.
 */
package mnist.spark;
