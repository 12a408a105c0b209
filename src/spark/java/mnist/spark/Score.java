package mnist.spark;

/** Asks a model about very many images, and leaves what it says as Parquet. */
public final class Score {
  private Score() {}

  /**
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(ScoreCommand.run(System.out, System.err, args));
  }
}
