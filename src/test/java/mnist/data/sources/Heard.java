package mnist.data.sources;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A listener that remembers all it hears. */
final class Heard implements DataListener {
  record Progress(String file, long bytes, long total) {}

  final List<String> notices = new CopyOnWriteArrayList<>();
  final List<Progress> progress = new CopyOnWriteArrayList<>();

  @Override
  public void notice(String text) {
    notices.add(text);
  }

  @Override
  public void downloading(String file, long bytes, long total) {
    progress.add(new Progress(file, bytes, total));
  }
}
