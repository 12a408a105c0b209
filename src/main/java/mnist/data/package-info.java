/**
 * Images and labels. Training iterates over {@link mnist.data.Batches}, one {@link
 * mnist.data.Batch} per step; {@code mnist.data.sources} loads them.
 */
package mnist.data;
