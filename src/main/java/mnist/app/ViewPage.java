package mnist.app;

import java.awt.Desktop;
import java.awt.GraphicsEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import mnist.data.DataSet;
import mnist.runs.RunFolders;
import mnist.web.PageImages;
import mnist.web.PageModels;
import mnist.web.ViewServer;

/** The page that shows runs, served by this process. */
public final class ViewPage implements AutoCloseable {
  private final PageModels models = new PageModels();
  private final ViewServer server;

  private ViewPage(Path runs, PageImages images, int port, String option) throws IOException {
    server = new ViewServer(new RunFolders(runs), images, models, port, option);
  }

  /**
   * A page of all runs in a folder.
   *
   * @param port where it is, 0 for any free port
   * @param option names the option that chooses the port, for people
   * @throws IOException if the port is in use
   */
  public static ViewPage ofAll(Path runs, int port, String option) throws IOException {
    return new ViewPage(runs, new PageImages(), port, option);
  }

  /**
   * The same, with the data set of a run that this process is about to make.
   *
   * @throws IOException if the port is in use
   */
  static ViewPage of(Path runs, DataSet data, int port) throws IOException {
    return new ViewPage(runs, new PageImages(data), port, "--view-port");
  }

  /** What to open in a browser to see all runs. */
  public String address() {
    return server.address();
  }

  /** What to open in a browser to see one of them. */
  String address(Path run) {
    return server.address() + "#" + run.toAbsolutePath().normalize().getFileName();
  }

  /** Opens an address where there is a desktop; elsewhere nothing happens. */
  public static void openInBrowser(String address) {
    try {
      if (!GraphicsEnvironment.isHeadless()
          && Desktop.isDesktopSupported()
          && Desktop.getDesktop().isSupported(Desktop.Action.BROWSE)) {
        Desktop.getDesktop().browse(URI.create(address));
      }
    } catch (IOException | RuntimeException | LinkageError e) {
      // A desktop without a browser, or a Java without a desktop: the address has been told.
    }
  }

  @Override
  public void close() {
    server.close();
    models.close();
  }
}
