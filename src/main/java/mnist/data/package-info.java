/**
 * The images. Training takes them in {@link mnist.data.Batches}, one {@link mnist.data.Batch} a
 * step; where they come from is the business of {@code mnist.data.sources}.
 */
package mnist.data;
