package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import mnist.console.CommandLines;
import mnist.console.PortConverter;
import mnist.platform.NativeEnvironment;
import mnist.runs.RunFolders;
import mnist.web.DrawingRoutes;
import mnist.web.ModelRegistry;
import mnist.web.ModelRoutes;
import mnist.web.ServerConfig;
import mnist.web.ServerMetrics;
import mnist.web.WebPages;
import mnist.web.WebServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Serves a trained model over HTTP, and a page to draw digits on. */
@Command(
    name = "java -jar mnist.jar serve",
    description =
        "Serves a trained model: a web page to draw digits on, and TensorFlow Serving's REST API.")
public final class Serve implements Callable<Integer> {
  private static final String HOST = "[\\p{L}\\p{N}._-]+";
  private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9._-]*";

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "Folder of a SavedModel, or one with a numbered folder per version (1, 2, ...), of which"
              + " the newest is served. Default: the newest run's model")
  private Path model;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "mnist",
      description = "The model's name in URLs. Default: ${DEFAULT-VALUE}")
  private String name;

  @Option(
      names = "--runs",
      paramLabel = "DIR",
      defaultValue = RunFolders.DEFAULT,
      description =
          "Folder that holds the runs; the page offers their models too. Default: ${DEFAULT-VALUE}")
  private Path runs;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8501",
      converter = PortConverter.class,
      description = "Port to listen on; 0 picks a free one. Default: ${DEFAULT-VALUE}")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description =
          "Address to listen on; 0.0.0.0 accepts connections from other machines. Default:"
              + " ${DEFAULT-VALUE}")
  private String host;

  @Option(names = "--verbose", description = "Log every request on standard error.")
  private boolean verbose;

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      arity = "1..*",
      description =
          "Names by which clients reach this server besides the machine's own, such as a proxy's;"
              + " requests for other names are rejected.")
  private List<String> allowedHosts = List.of();

  @Option(names = "--no-browser", description = "Print the address without opening a browser.")
  private boolean noBrowser;

  @Option(
      names = "--no-onednn",
      description = "Use TensorFlow's own kernels; results differ in the last bits.")
  private boolean noOneDnn;

  public static void main(String[] args) {
    System.exit(CommandLines.create(new Serve(), System.out, System.err).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!name.matches(NAME)) {
      throw new ParameterException(
          spec.commandLine(), "--name needs letters, digits, '.', '_' or '-', found " + name);
    }
    if (verbose) {
      WebServer.logVerbosely();
    }
    for (String allowed : allowedHosts) {
      if (!allowed.matches(HOST)) {
        throw new ParameterException(
            spec.commandLine(),
            "--allow-host needs a name without port or http://, found " + allowed);
      }
    }
    ServerConfig config = new ServerConfig(host, port, "--port").allowing(allowedHosts);
    config.checkAvailable();
    Path folder = model == null ? new RunFolders(runs, System.err::println).newestModel() : model;
    NativeEnvironment.useOneThread(); // per request; several requests run in parallel
    NativeEnvironment.load(!noOneDnn);
    ModelRegistry models = ModelRegistry.open(name, folder, runs, System.err::println);
    ServerMetrics metrics = new ServerMetrics();
    WebServer server =
        WebServer.start(
            config,
            System.err::println,
            new DrawingRoutes(models, metrics),
            new ModelRoutes(models, metrics),
            metrics,
            WebPages.drawing("/"));
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "shutdown"));
    if (!config.isLocal()) {
      System.err.println(
          "warning: other machines can reach this server, without password or encryption");
    }
    System.out.println(models.title() + ": " + server.address() + "  (stop with Ctrl-C)");
    if (!noBrowser) {
      ViewPage.openInBrowser(server.address());
    }
    new CountDownLatch(1).await();
    return CommandLine.ExitCode.OK;
  }
}
