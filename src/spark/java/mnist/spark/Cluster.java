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

/** The option {@code --master}, and the Spark session that it leads to. */
final class Cluster {
  private static final Pattern STANDALONE = Pattern.compile("spark://([^:,]+):(\\d{1,5})");
  private static final int CONNECT_TIMEOUT_MILLIS = 10_000;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "Spark master: local[N] for N cores of this machine, spark://HOST:PORT for a cluster."
              + " Default: that of spark-submit, else all cores of this machine")
  private String master;

  /**
   * Opens a session, configured by system properties, {@code spark-submit} and this option.
   *
   * @param appName the program's name in Spark's user interface
   * @param coresPerTask see {@code spark.task.cpus}
   * @throws SparkException if the configuration is invalid
   * @throws IOException if the master cannot be reached
   */
  SparkSession open(String appName, int coresPerTask) throws IOException, SparkException {
    SparkConf conf = new SparkConf().setAppName(appName);
    if (master != null) {
      conf.setMaster(master);
    }
    conf.setIfMissing("spark.master", "local[" + Runtime.getRuntime().availableProcessors() + "]");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.set("spark.task.cpus", String.valueOf(coresPerTask));
    if (conf.get("spark.master").startsWith("local")) {
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
      conf.setIfMissing("spark.driver.host", "127.0.0.1");
    }
    checkReachable(conf.get("spark.master"));
    return SparkSession.builder().config(conf).getOrCreate();
  }

  /** Spark itself would retry for a minute and then not name the address. */
  private static void checkReachable(String master) throws IOException {
    Matcher address = STANDALONE.matcher(master);
    if (address.matches()) {
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(address.group(1), Integer.parseInt(address.group(2))),
            CONNECT_TIMEOUT_MILLIS);
      } catch (IOException e) {
        throw new IOException(
            "cannot connect to the Spark master %s (%s)".formatted(master, e.getMessage()), e);
      }
    }
  }
}
