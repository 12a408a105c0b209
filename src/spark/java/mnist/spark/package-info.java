/** Hyperparameter sweeps and batch prediction with Spark, on one machine or a cluster. */
package mnist.spark;
