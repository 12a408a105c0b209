/**
 * Where data sets come from: {@link mnist.data.sources.DataSets} finds, downloads or generates one.
 */
package mnist.data.sources;
