package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import mnist.console.CommandLines;
import mnist.platform.NativeEnvironment;
import mnist.runs.RunFolders;
import mnist.web.ModelServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Serves a trained model over HTTP, and a page to draw digits on. */
@Command(
    name = "mnist.app.Serve",
    description =
        "Serves a trained model: a web page to draw digits on, and TensorFlow Serving's REST API.")
public final class Serve implements Callable<Integer> {
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
    NativeEnvironment.useOneThread(); // each request; several are answered side by side
    NativeEnvironment.load(!noOneDnn);
    Path folder = model == null ? new RunFolders(runs).newestModel() : model;
    ModelServer.Place place = new ModelServer.Place(name, host, port, "--port");
    ModelServer server = new ModelServer(place, folder, runs, Serve::log);
    // What ends it is a signal, which a hook hears.
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "closing"));
    if (!server.isLocal()) {
      log("warning: other machines can reach this server, without password or encryption");
    }
    System.out.println(server.title() + ": " + server.address() + "  (stop with Ctrl-C)");
    if (!noBrowser) {
      ViewPage.openInBrowser(server.address());
    }
    new CountDownLatch(1).await();
    return CommandLine.ExitCode.OK;
  }

  private static void log(String line) {
    System.err.println(line);
  }
}
