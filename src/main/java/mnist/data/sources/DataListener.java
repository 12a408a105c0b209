package mnist.data.sources;

/** Hears what goes on while a data set is looked for, downloaded or drawn. */
public interface DataListener {

  /** Something that the user must know, one or several lines. */
  void notice(String text);

  /**
   * A file is being downloaded.
   *
   * @param file its name
   * @param bytes received so far; {@code total} once it is complete
   * @param total the file's size as the server gives it, 0 where it does not
   */
  void downloading(String file, long bytes, long total);
}
