package mnist.web;

import java.io.IOException;
import mnist.data.DataSet;
import mnist.runs.RunFolder;

/** The data sets that runs were trained on; the last one used stays open. */
public final class RunDataSets {
  private DataSet open;

  /** Adopts a data set that is already open. */
  public synchronized void use(DataSet data) {
    open = data;
  }

  /**
   * The data set of a run, if it is on this machine.
   *
   * @throws IOException if it is not here, or no longer the one that the run was trained on
   */
  synchronized DataSet get(RunFolder run) throws IOException {
    if (open == null || !open.sha256().equals(run.completeInfo().data().sha256())) {
      open = run.openExistingData();
    }
    return open;
  }
}
