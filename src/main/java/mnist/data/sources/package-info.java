/**
 * Where the images come from: {@link mnist.data.sources.DataSets} finds, downloads or draws a data
 * set.
 */
package mnist.data.sources;
