package mnist.spark;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** Where a program's work is done: on this machine's cores, or on those of a cluster. */
final class Cluster {
  private static final Pattern STANDALONE = Pattern.compile("spark://([^:,]+):(\\d{1,5})");
  private static final int PATIENCE_MILLIS = 10_000;

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
   * @throws IOException if nobody answers there
   */
  SparkSession open(String program, int cores) throws IOException, SparkException {
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
    refuseSilent(conf.get("spark.master"));
    return SparkSession.builder().config(conf).getOrCreate();
  }

  /** Spark itself would try for a minute, and then not say what it tried. */
  private static void refuseSilent(String master) throws IOException {
    Matcher one = STANDALONE.matcher(master);
    if (one.matches()) {
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(one.group(1), Integer.parseInt(one.group(2))), PATIENCE_MILLIS);
      } catch (IOException e) {
        throw new IOException("nobody answers at %s (%s)".formatted(master, e.getMessage()), e);
      }
    }
  }
}
