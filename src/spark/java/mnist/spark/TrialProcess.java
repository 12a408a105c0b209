package mnist.spark;

import java.io.IOException;
import java.util.Arrays;
import mnist.Stages;
import mnist.app.Training;

/**
 * Runs a stage and exits when its parent process ends, however that happens: standard input is a
 * pipe from the parent, which then reaches its end. As after Ctrl-C, the run can be resumed.
 */
public final class TrialProcess {
  private TrialProcess() {}

  /**
   * @param args the stage's number, followed by its options
   */
  public static void main(String[] args) {
    Thread watcher = new Thread(TrialProcess::exitWithParent, "parent watcher");
    watcher.setDaemon(true);
    watcher.start();
    Training.main(Stages.named(args[0]), Arrays.copyOfRange(args, 1, args.length));
  }

  private static void exitWithParent() {
    try {
      while (System.in.read() >= 0) {
        // nothing is sent
      }
    } catch (IOException e) {
      // the parent has ended, too
    }
    System.exit(1);
  }
}
