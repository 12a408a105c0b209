package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import mnist.console.CliErrors;
import mnist.platform.NativeEnvironment;
import mnist.platform.Versions;
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
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description =
        "Serves a trained model on this machine: a page to draw digits on, and TensorFlow Serving's"
            + " REST interface.")
public final class Serve implements Callable<Integer> {
  private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9._-]*";

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "Folder of a SavedModel, or one with a folder for each version: 1, 2 … of which the newest"
              + " is served. Default: the newest run's")
  private Path model;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "mnist",
      description = "What the model is called in addresses. Default: ${DEFAULT-VALUE}")
  private String name;

  @Option(
      names = "--runs",
      paramLabel = "DIR",
      defaultValue = RunFolders.DEFAULT,
      description =
          "Folder with the runs' folders, whose models the page can ask too. Default:"
              + " ${DEFAULT-VALUE}")
  private Path runs;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8501",
      description = "Where to listen, 0 for any free port. Default: ${DEFAULT-VALUE}")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description =
          "Where to listen; 0.0.0.0 lets everyone in who reaches this machine. Default:"
              + " ${DEFAULT-VALUE}")
  private String host;

  @Option(names = "--no-browser", description = "Only print the address.")
  private boolean noBrowser;

  @Option(
      names = "--no-onednn",
      description = "Keep to TensorFlow's plain kernels; the last bits differ.")
  private boolean noOneDnn;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Serve())
            .setParameterExceptionHandler(
                (wrong, unparsed) -> CliErrors.reportWrongOption(wrong, System.err))
            .execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!name.matches(NAME)) {
      throw new ParameterException(
          spec.commandLine(),
          "--name is part of an address: letters, digits, . _ and -, found " + name);
    }
    try {
      NativeEnvironment.useOneThread(); // each request; several are answered side by side
      NativeEnvironment.load(!noOneDnn);
      Path folder = model == null ? new RunFolders(runs).newestModel() : model;
      ModelServer.Place place = new ModelServer.Place(name, host, port, "--port");
      ModelServer server = new ModelServer(place, folder, runs, Serve::log);
      // What ends it is a signal, which a hook hears.
      Runtime.getRuntime().addShutdownHook(new Thread(server::close, "closing"));
      if (!server.isLocal()) {
        log("others can reach this server: there is no password and no encryption");
      }
      System.out.println(server.title() + ": " + server.address() + "   (Ctrl-C ends this)");
      if (!noBrowser) {
        ViewPage.openInBrowser(server.address());
      }
      new CountDownLatch(1).await();
      return CommandLine.ExitCode.OK;
    } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
      // A model from elsewhere may fail in any way.
      return CliErrors.report(e, System.err);
    }
  }

  private static void log(String line) {
    System.err.println(line);
  }
}
