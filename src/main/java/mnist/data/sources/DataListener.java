package mnist.data.sources;

/** Receives notices and progress while a data set is opened. */
public interface DataListener {

  /** A message for the user, one or several lines. */
  default void notice(String text) {}

  /**
   * Called repeatedly while a file is downloaded.
   *
   * @param file its name
   * @param bytes received so far
   * @param total the file's size, 0 if the server does not tell it
   */
  default void downloading(String file, long bytes, long total) {}
}
