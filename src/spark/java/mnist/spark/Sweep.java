package mnist.spark;

/** Trains a stage with every combination of some options, many at once, and compares them. */
public final class Sweep {
  private Sweep() {}

  /**
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(SweepCommand.run(System.out, System.err, args));
  }
}
