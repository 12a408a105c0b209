package mnist.spark;

import java.io.IOException;
import java.util.UUID;
import mnist.model.Model;
import mnist.platform.NativeEnvironment;

/**
 * The one model of this process. Spark gives a task nothing that outlives it and is not copied for
 * each, so this has to be static: a model is loaded when the first task of a process asks for it,
 * and stays for all that follow, at once or later.
 */
final class ProcessModel {
  private static UUID id;
  private static Model model;

  private ProcessModel() {}

  /**
   * The model of these files; one of other files is closed, so a process scores one after the
   * other.
   *
   * @param oneDnn whether oneDNN's kernels may be used; the first model of a process decides
   */
  static synchronized Model of(ModelFiles files, boolean oneDnn) throws IOException {
    if (!files.id().equals(id)) {
      NativeEnvironment.useOneThread(); // there are as many tasks as cores
      NativeEnvironment.load(oneDnn);
      if (model != null) {
        model.close();
      }
      model = files.load();
      id = files.id();
    }
    return model;
  }
}
