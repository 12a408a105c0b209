package mnist.spark;

import java.io.IOException;
import java.util.Arrays;
import mnist.Stages;
import mnist.app.Training;

/**
 * A run of a stage that ends with whoever has started it, however that ends: standard input is a
 * pipe from there, and is at its end then. As after Ctrl-C, the run can go on later.
 */
public final class TrialProcess {
  private TrialProcess() {}

  /**
   * @param args the stage's number, and what its main class takes
   */
  public static void main(String[] args) {
    Thread watch = new Thread(TrialProcess::endWithStarter, "starter");
    watch.setDaemon(true);
    watch.start();
    Training.main(Stages.named(args[0]), Arrays.copyOfRange(args, 1, args.length));
  }

  private static void endWithStarter() {
    try {
      while (System.in.read() >= 0) {
        // Nothing is sent.
      }
    } catch (IOException e) {
      // As good as the end.
    }
    System.exit(1);
  }
}
