package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import mnist.console.CommandLines;
import mnist.console.PortConverter;
import mnist.runs.RunFolders;
import mnist.web.WebServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows runs in a browser, live ones of any process and finished ones. */
@Command(
    name = "java -jar mnist.jar view",
    description = "Serves a web page that shows all runs, live and finished.")
public final class View implements Callable<Integer> {
  @Option(
      names = "--runs",
      paramLabel = "DIR",
      defaultValue = RunFolders.DEFAULT,
      description = "Folder that holds the runs. Default: ${DEFAULT-VALUE}")
  private Path runs;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8080",
      converter = PortConverter.class,
      description = "Port to listen on; 0 picks a free one. Default: ${DEFAULT-VALUE}")
  private int port;

  @Option(names = "--verbose", description = "Log every request on standard error.")
  private boolean verbose;

  @Option(names = "--no-browser", description = "Print the address without opening a browser.")
  private boolean noBrowser;

  public static void main(String[] args) {
    System.exit(CommandLines.create(new View(), System.out, System.err).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (verbose) {
      WebServer.logVerbosely();
    }
    try (ViewPage page = new ViewPage(runs, port, "--port", true, System.err::println)) {
      System.out.println("All runs in " + runs + ": " + page.address() + "  (stop with Ctrl-C)");
      if (!noBrowser) {
        ViewPage.openInBrowser(page.address());
      }
      new CountDownLatch(1).await();
      return CommandLine.ExitCode.OK;
    }
  }
}
