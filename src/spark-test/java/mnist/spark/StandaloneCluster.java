package mnist.spark;

import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import mnist.platform.FileTree;

/**
 * A standalone Spark cluster on this machine: processes for a master and two workers with one core
 * each. Their class path has Spark's jars but none of this project's, as on any cluster.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final Path BUILD = Path.of("target", "spark").toAbsolutePath();

  private final List<Process> processes = new ArrayList<>();
  private final List<Process> workers = new ArrayList<>();
  private final Path home;
  private final int port;

  private StandaloneCluster(Path home, int port) {
    this.home = home;
    this.port = port;
  }

  /** Starts a cluster with its files in a folder, which is replaced. */
  static StandaloneCluster in(Path home) throws IOException {
    FileTree.delete(home);
    Path jars = Files.createDirectories(home.resolve("jars"));
    for (String jar : classPath("classpath-of-spark")) {
      Files.createSymbolicLink(jars.resolve(Path.of(jar).getFileName()), Path.of(jar));
    }
    for (String jar : classPath("classpath")) {
      Path name = Path.of(jar).getFileName();
      if (name.toString().matches("(jackson-|jakarta\\.|slf4j-api).*")) { // Spark has these, too
        Files.createSymbolicLink(jars.resolve(name), Path.of(jar));
      }
    }
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    StandaloneCluster cluster = new StandaloneCluster(home, port);
    cluster.start("master.Master", "--port", String.valueOf(port));
    cluster.awaitMaster();
    for (String name : List.of("a", "b")) {
      cluster.addWorker(name);
    }
    return cluster;
  }

  @SuppressWarnings("try") // the connection is only opened
  private void awaitMaster() throws IOException {
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (ConnectException e) {
        if (!processes.get(0).isAlive()) {
          throw new IOException("the master has exited, see " + home, e);
        }
      }
    }
  }

  /** Starts another worker. */
  void addWorker(String name) throws IOException {
    workers.add(
        start(
            "worker.Worker",
            "--port",
            "0",
            "--cores",
            "1",
            "--memory",
            "1g",
            "--work-dir",
            home.resolve(name).toString(),
            master()));
  }

  private static List<String> classPath(String file) throws IOException {
    return List.of(Files.readString(BUILD.resolve(file)).split(File.pathSeparator));
  }

  private Process start(String main, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(SparkProgram.QUICK, "-Xmx256m", "-cp", home.resolve("jars") + "/*"));
    command.add("org.apache.spark.deploy." + main);
    command.addAll(List.of("--host", "127.0.0.1", "--webui-port", "0"));
    command.addAll(Arrays.asList(args));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve(main + processes.size() + ".txt").toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "SPARK_HOME", home.toString(),
                "SPARK_SCALA_VERSION", "2.13",
                "SPARK_LOCAL_IP", "127.0.0.1"));
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** The address of the master. */
  String master() {
    return "spark://127.0.0.1:" + port;
  }

  /** The JVM options for a program that uses the cluster, as in the Makefile. */
  List<String> options() throws IOException {
    String jars = String.join(",", classPath("classpath"));
    return List.of(
        "-Dspark.driver.host=127.0.0.1",
        "-Dspark.executor.extraJavaOptions=" + SparkProgram.QUICK,
        "-Dspark.jars=" + BUILD.resolve("mnist-spark.jar") + "," + jars);
  }

  /** Kills a worker and its executor as {@code kill -9} does. */
  void killWorker(int number) throws InterruptedException {
    Process worker = workers.get(number);
    List<ProcessHandle> executors = worker.children().toList();
    if (executors.isEmpty()) {
      throw new IllegalStateException("the worker has no executor");
    }
    worker.destroyForcibly().waitFor();
    executors.forEach(ProcessHandle::destroyForcibly);
  }

  @Override
  public void close() {
    List<ProcessHandle> all = new ArrayList<>();
    for (Process process : processes) {
      process.descendants().forEach(all::add);
      all.add(process.toHandle());
    }
    all.forEach(ProcessHandle::destroyForcibly);
    processes.forEach(process -> process.onExit().join());
  }
}
