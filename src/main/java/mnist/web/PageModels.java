package mnist.web;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import mnist.model.Model;
import mnist.platform.NativeEnvironment;
import mnist.runs.RunFolder;

/** The models of runs, for the page that shows them; the last one stays open. */
public final class PageModels implements ViewServer.Answers, AutoCloseable {
  private Path folder;
  private FileTime written;
  private Model open;

  @Override
  public synchronized float[] of(RunFolder run, float[] pixels) throws IOException {
    Path model = run.model();
    Path graph = model.resolve("saved_model.pb");
    if (!Files.exists(graph)) {
      throw new IOException(run.name() + " has left no model yet");
    }
    FileTime now = Files.getLastModifiedTime(graph);
    if (!model.equals(folder) || !now.equals(written)) {
      close();
      NativeEnvironment.load(true);
      open = Model.load(model);
      folder = model;
      written = now;
    }
    return open.probabilities(pixels);
  }

  @Override
  public synchronized void close() {
    if (open != null) {
      open.close();
      open = null;
      folder = null;
    }
  }
}
