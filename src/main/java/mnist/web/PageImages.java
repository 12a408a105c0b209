package mnist.web;

import java.io.IOException;
import java.util.Map;
import mnist.data.DataSet;
import mnist.data.sources.DataListener;
import mnist.runs.RunFolder;

/** The images of runs, for the page that shows them; the data set of the last one stays open. */
public final class PageImages implements ViewServer.Images {
  /** The page says what there is to say. */
  private static final DataListener SILENT =
      new DataListener() {
        @Override
        public void notice(String text) {}

        @Override
        public void downloading(String name, long bytes, long total) {}
      };

  private Map<String, String> openHashes = Map.of();
  private DataSet open;

  /** Keeps the data set of a run in this process. */
  public synchronized void use(DataSet data) {
    open = data;
    openHashes = data.sha256();
  }

  @Override
  public synchronized DataSet of(RunFolder run) throws IOException {
    if (!run.info().data().sha256().equals(openHashes)) {
      use(run.openData(SILENT));
    }
    return open;
  }
}
