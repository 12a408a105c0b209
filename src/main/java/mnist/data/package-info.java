/**
 * The images. Training sees {@link mnist.data.LabelledImages} and takes them in {@link
 * mnist.data.Batches}, one {@link mnist.data.Batch} a step; all the rest finds and reads the files
 * behind {@link mnist.data.DataSets}.
 */
package mnist.data;
