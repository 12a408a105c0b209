package mnist.app;

import java.awt.Desktop;
import java.awt.GraphicsEnvironment;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import mnist.data.DataSet;
import mnist.platform.NativeEnvironment;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.web.RunDataSets;
import mnist.web.RunModels;
import mnist.web.RunRoutes;
import mnist.web.ServerConfig;
import mnist.web.WebPages;
import mnist.web.WebServer;

/** The page that shows runs, served by this process. */
public final class ViewPage implements AutoCloseable {
  private final RunDataSets dataSets = new RunDataSets();
  private final WebServer server;

  /**
   * Serves a page of all runs in a folder.
   *
   * @param port 0 for any free port
   * @param option names the option that chooses the port, for messages
   * @param oneDnn whether TensorFlow, if it is not loaded yet, is loaded with oneDNN's kernels
   * @param log receives what the server logs
   * @throws IOException if the port is in use
   */
  public ViewPage(Path runs, int port, String option, boolean oneDnn, Consumer<String> log)
      throws IOException {
    Runnable loadTensorFlow = () -> NativeEnvironment.load(oneDnn);
    server =
        WebServer.start(
            ServerConfig.local(port, option),
            log,
            new RunRoutes(
                new RunFolders(runs, log), dataSets, new RunModels(runs, loadTensorFlow, log)),
            WebPages.runs("/"));
  }

  /** Shares the data set that this process trains on, so that it is not read twice. */
  void use(DataSet data) {
    dataSets.use(data);
  }

  /** The URL of the list of all runs. */
  public String address() {
    return server.address();
  }

  /** The URL of one run. */
  String address(RunFolder run) {
    String name = URLEncoder.encode(run.name(), StandardCharsets.UTF_8).replace("+", "%20");
    return server.address() + "#" + name;
  }

  /** Opens a URL in the browser if there is a desktop. */
  public static void openInBrowser(String address) {
    try {
      if (!GraphicsEnvironment.isHeadless()
          && Desktop.isDesktopSupported()
          && Desktop.getDesktop().isSupported(Desktop.Action.BROWSE)) {
        Desktop.getDesktop().browse(URI.create(address));
      }
    } catch (IOException | RuntimeException | LinkageError e) {
      // A desktop without a browser, or a Java without a desktop: the address has been printed.
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
