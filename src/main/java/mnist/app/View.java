package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import mnist.console.CliErrors;
import mnist.platform.Versions;
import mnist.runs.RunFolders;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows runs in a browser: those under way, in whichever process, and those that have ended. */
@Command(
    name = "mnist.app.View",
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = "Serves a page on this machine that shows all runs, live and finished.")
public final class View implements Callable<Integer> {
  @Option(
      names = "--runs",
      paramLabel = "DIR",
      defaultValue = RunFolders.DEFAULT,
      description = "Folder with the runs' folders. Default: ${DEFAULT-VALUE}")
  private Path runs;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "Where to listen, 0 for any free port. Default: ${DEFAULT-VALUE}")
  private int port;

  @Option(names = "--no-browser", description = "Only print the address.")
  private boolean noBrowser;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new View())
            .setParameterExceptionHandler(
                (wrong, unparsed) -> CliErrors.reportWrongOption(wrong, System.err))
            .execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    try (ViewPage page = ViewPage.ofAll(runs, port, "--port")) {
      System.out.println("All runs in " + runs + ": " + page.address() + "   (Ctrl-C ends this)");
      if (!noBrowser) {
        ViewPage.openInBrowser(page.address());
      }
      new CountDownLatch(1).await();
      return CommandLine.ExitCode.OK;
    } catch (IOException e) {
      return CliErrors.report(e, System.err);
    }
  }
}
