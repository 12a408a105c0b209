package mnist.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** Where a program's work is done: on this machine's cores, or on those of a cluster. */
final class Cluster {
  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "Where Spark works: local[N] on N cores of this machine, spark://HOST:PORT on a cluster."
              + " Default: what spark-submit says, else all cores of this machine")
  private String master;

  /**
   * Spark, set as the system properties, {@code spark-submit} or this option say; to be closed.
   *
   * @param program what a cluster calls it
   * @param cores that each task takes
   * @throws SparkException if there is no such place
   */
  SparkSession open(String program, int cores) throws SparkException {
    SparkConf conf = new SparkConf().setAppName(program);
    if (master != null) {
      conf.setMaster(master);
    }
    conf.setIfMissing("spark.master", "local[" + Runtime.getRuntime().availableProcessors() + "]");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.set("spark.task.cpus", String.valueOf(cores));
    if (conf.get("spark.master").startsWith("local")) {
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
      conf.setIfMissing("spark.driver.host", "127.0.0.1");
    }
    return SparkSession.builder().config(conf).getOrCreate();
  }
}
