/**
 * Where the images come from: {@link mnist.sources.DataSets} finds, downloads or draws a data set.
 */
package mnist.sources;
